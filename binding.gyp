# The native addon. Kernels are compiled once per instruction set, each in a library of its own.
{
  'variables': {
    'ort_headers': '<!(node native/ort/headers.cjs)',
    # A checkout is built strictly; a published package, on unknown compilers, is not.
    'strict%': '<!(node -p "Number(!require(\'fs\').existsSync(\'native/vendor\'))")',
  },
  'target_defaults': {
    'include_dirs': ['native'],
    'cflags': ['-O3', '-fvisibility=hidden', '-ffp-contract=off', '-Wall', '-Wextra'],
    'cflags_cc': ['-std=c++20', '-fexceptions'],
    'cflags_cc!': ['-fno-exceptions', '-std=gnu++17', '-std=gnu++20'],
    'conditions': [
      ['strict==1', {'cflags': ['-Werror'], 'xcode_settings': {'GCC_TREAT_WARNINGS_AS_ERRORS': 'YES'}}],
    ],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'CLANG_CXX_LIBRARY': 'libc++',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
      'OTHER_CFLAGS': ['-ffp-contract=off', '-Wall', '-Wextra'],
    },
    'msvs_settings': {
      'VCCLCompilerTool': {
        'ExceptionHandling': 1,
        'AdditionalOptions': ['/std:c++20', '/fp:precise'],
      },
    },
  },
  'targets': [
    {
      'target_name': 'espalier',
      'sources': [
        'native/addon.cc',
        'native/js/convert.cc',
        'native/js/engine_object.cc',
        'native/engine/engine.cc',
        'native/engine/page_pool.cc',
        'native/engine/sampler.cc',
        'native/engine/scheduler.cc',
        'native/engine/step_plan.cc',
        'native/engine/stop_matcher.cc',
        'native/engine/token_tree.cc',
        'native/ort/custom_ops.cc',
        'native/ort/graph_contract.cc',
        'native/ort/kv_pool.cc',
        'native/ort/op_tensors.cc',
        'native/ort/runtime.cc',
        'native/ort/session.cc',
      ],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")', '<(ort_headers)'],
      'defines': [
        'NODE_ADDON_API_CPP_EXCEPTIONS_ALL',
        # An environment that ends takes no exception any more: one is dropped, not fatal.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'NAPI_VERSION=9',
      ],
      'dependencies': ['espalier_kernels'],
      'conditions': [
        ['target_arch=="x64"', {'dependencies': ['espalier_avx2', 'espalier_avx512']}],
        ['OS=="linux"', {'libraries': ['-ldl', '-lpthread']}],
      ],
    },
    {
      'target_name': 'espalier_kernels',
      'type': 'static_library',
      'sources': [
        'native/kernels/add_norm_quantize.cc',
        'native/kernels/elementwise_scalar.cc',
        'native/kernels/hadamard.cc',
        'native/kernels/kernel_set.cc',
        'native/kernels/kernel_set_baseline.cc',
        'native/kernels/quantize.cc',
        'native/kernels/softmax.cc',
        'native/kernels/span.cc',
        'native/kernels/swiglu.cc',
        'native/kernels/tree_attention.cc',
        'native/kernels/tree_attention_plan.cc',
        'native/kernels/tree_attention_scalar.cc',
      ],
    },
  ],
  'conditions': [
    ['target_arch=="x64"', {
      'targets': [
        {
          'target_name': 'espalier_avx2',
          'type': 'static_library',
          'sources': ['native/kernels/kernel_set_avx2.cc'],
          'cflags': ['-mavx2', '-mfma'],
          'xcode_settings': {'OTHER_CFLAGS': ['-mavx2', '-mfma']},
        },
        {
          'target_name': 'espalier_avx512',
          'type': 'static_library',
          'sources': ['native/kernels/kernel_set_avx512.cc'],
          'cflags': ['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl'],
          'xcode_settings': {
            'OTHER_CFLAGS': ['-mavx2', '-mfma', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl'],
          },
        },
      ],
    }],
  ],
}
