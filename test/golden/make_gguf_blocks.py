"""Makes test/golden/gguf: a GGUF file with a tensor of every type that can be read, and the numbers
that the `gguf` package makes of them.

Run: python test/golden/make_gguf_blocks.py   (gguf, numpy, safetensors)
"""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent / "gguf"
ROWS, COLUMNS = 2, 512
TYPES = (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q4_K, Type.Q5_K, Type.Q6_K)
SCALES = {Type.Q8_0: (0,), Type.Q4_0: (0,), Type.Q4_1: (0, 2), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,)}


def random_rows(generator: np.random.Generator, kind: Type) -> np.ndarray:
    """Rows of random bytes, whose scales are sane numbers; subnormal ones too."""
    if kind not in SCALES:
        values = generator.normal(size=(ROWS, COLUMNS)).astype(np.float32)
        values[0, :3] = 0, -0.0, 1e-6
        return gguf.quants.quantize(values, kind)
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = generator.integers(0, 256, (ROWS, COLUMNS // elements, size), dtype=np.uint8)
    for offset in SCALES[kind]:
        scales = generator.normal(scale=0.02, size=blocks.shape[:2]).astype(np.float16)
        scales[0, 0] = 3e-7
        blocks[:, :, offset:offset + 2] = scales[..., None].view(np.uint8)
    return blocks.reshape(ROWS, -1)


def main() -> None:
    generator = np.random.default_rng(3)
    FOLDER.mkdir(exist_ok=True)
    writer = gguf.GGUFWriter(FOLDER / "blocks.gguf", "llama")
    writer.add_uint8("test.uint8", 200)
    writer.add_int8("test.int8", -100)
    writer.add_uint16("test.uint16", 60000)
    writer.add_int16("test.int16", -30000)
    writer.add_uint32("test.uint32", 4_000_000_000)
    writer.add_int32("test.int32", -2_000_000_000)
    writer.add_uint64("test.uint64", 2**53 - 1)
    writer.add_int64("test.int64", -(2**53 - 1))
    writer.add_float32("test.float32", 0.5)
    writer.add_float64("test.float64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "häufig 東京 🙂")
    writer.add_array("test.integers", [3, -1, 7])
    writer.add_array("test.texts", ["", "a", "b c"])
    expected = {}
    for kind in TYPES:
        rows = random_rows(generator, kind)
        writer.add_tensor(kind.name, rows, raw_dtype=kind)
        expected[kind.name] = gguf.quants.dequantize(rows, kind).astype(np.float32)
        assert expected[kind.name].shape == (ROWS, COLUMNS)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, FOLDER / "blocks.safetensors")


main()
