// The scheduler and the token tree under random work, against each path computed alone.
// sources: native/engine/*.cc native/kernels/*.cc
#include "engine/scheduler.h"

#include <map>
#include <random>

#include "check.h"
#include "engine_fake.h"

namespace espalier::test {
namespace {

constexpr int kWidth = 24;
constexpr int kContext = 160;
constexpr int32_t kEnd = 0, kNewline = 1;

std::shared_ptr<const Vocabulary> MakeVocabulary() {
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->offsets.push_back(0);
  for (int v = 0; v < kWidth; ++v) {
    if (v == kNewline) vocabulary->bytes += '\n';
    if (v > kNewline) vocabulary->bytes += static_cast<char>('a' + v);
    vocabulary->offsets.push_back(static_cast<uint32_t>(vocabulary->bytes.size()));
  }
  vocabulary->end_tokens = {kEnd};
  return vocabulary;
}

// A scheduler over the fake, and what the caller of a real one would remember.
struct Bench {
  explicit Bench(int pages, int chunk = 32)
      : vocabulary(MakeVocabulary()),
        fake(new FakeForward(pages, kWidth)),
        scheduler(std::unique_ptr<Forward>(fake), ModelLimits{pages, kContext, chunk}, vocabulary) {
    paths[0] = {};
  }

  int32_t Extend(int64_t parent, std::vector<int32_t> tokens, std::vector<int32_t> read_at = {}) {
    ExtendRequest request{++last_request, parent, tokens, read_at};
    auto path = paths.at(parent);
    path.insert(path.end(), tokens.begin(), tokens.end());
    expected[last_request] = {path, read_at, static_cast<int32_t>(tokens.size()), false, {}};
    scheduler.Add(std::move(request), done);
    return last_request;
  }

  void Sample(int64_t parent, int children, std::mt19937_64& random, int max_tokens) {
    SampleRequest request;
    request.parent = parent;
    request.stream_key = random();
    request.sampling.temperature = random() % 4 == 0 ? 0 : 0.7;
    if (random() % 3 == 0) request.sampling.top_k = 5;
    if (random() % 3 == 0) request.sampling.top_p = 0.8;
    request.stops = std::make_shared<const StopStrings>("\n", std::vector<std::string>{"ef"});
    for (int i = 0; i < children; ++i) {
      request.children.push_back({++last_request, random(), max_tokens});
      const auto& path = paths.at(parent);
      auto tokens =
          SampleAlone(path, request, request.children.back(), kWidth, *vocabulary, kContext);
      expected[last_request] = {path, {}, 0, true, std::move(tokens)};
    }
    scheduler.Add(request);
  }

  // Checks everything that has finished; returns the nodes that the caller owns now.
  std::vector<int64_t> Take() {
    std::vector<int64_t> nodes;
    for (auto& completion : done) {
      const auto found = expected.find(completion.request);
      CHECK(found != expected.end());
      const Expected want = found->second;
      expected.erase(found);
      if (completion.failure) {
        failures.push_back(completion.failure->code);
        continue;
      }
      auto path = want.path;
      if (want.is_sample) {
        CHECK(completion.tokens == want.tokens);
        CHECK(completion.log_probabilities.size() == completion.tokens.size());
        path.insert(path.end(), completion.tokens.begin(), completion.tokens.end());
      } else {
        CHECK(completion.heads == HeadsOf(want));
      }
      paths[completion.node] = path;
      nodes.push_back(completion.node);
    }
    done.clear();
    return nodes;
  }

  void Run() {
    while (scheduler.has_work() && !scheduler.is_stalled()) scheduler.Step(done);
  }

  void Release(int64_t node) {
    paths.erase(node);
    scheduler.Release(node);
  }

  struct Expected {
    std::vector<int32_t> path;
    std::vector<int32_t> read_at;
    int32_t count;
    bool is_sample;
    std::vector<int32_t> tokens;
  };

  std::vector<float> HeadsOf(const Expected& want) const {
    std::vector<float> heads;
    for (const int32_t index : want.read_at) {
      const size_t length = want.path.size() - want.count + index + 1;
      const auto logits = LogitsAfter(std::span(want.path).first(length), kWidth);
      heads.insert(heads.end(), logits.begin(), logits.end());
    }
    return heads;
  }

  std::shared_ptr<const Vocabulary> vocabulary;
  FakeForward* fake;
  Scheduler scheduler;
  std::vector<Completion> done;
  std::map<int64_t, std::vector<int32_t>> paths;  // of the nodes that the caller owns
  std::map<int32_t, Expected> expected;           // unfinished requests
  std::vector<std::string> failures;
  int32_t last_request = 0;
};

std::vector<int32_t> RandomTokens(std::mt19937_64& random, int count) {
  std::vector<int32_t> tokens(count);
  for (auto& token : tokens) token = 2 + static_cast<int32_t>(random() % 3);  // collide often
  return tokens;
}

TEST(random_work_equals_each_path_alone) {
  for (int seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    Bench bench(seed % 3 == 0 ? 40 : 400, seed % 2 == 0 ? 7 : 64);
    std::vector<int64_t> owned;
    for (int turn = 0; turn < 120; ++turn) {
      const auto pick = [&] { return owned[random() % owned.size()]; };
      const int64_t parent = owned.empty() || random() % 4 == 0 ? 0 : pick();
      const int left = kContext - static_cast<int>(bench.paths.at(parent).size());
      const int action = static_cast<int>(random() % 8);
      if (action < 3 && left > 1) {
        const int count = 1 + static_cast<int>(random() % std::min(left - 1, 40));
        std::vector<int32_t> read_at;
        for (int i = 0; i < count; ++i) {
          if (random() % 8 == 0) read_at.push_back(i);
        }
        bench.Extend(parent, RandomTokens(random, count), read_at);
      } else if (action < 5 && parent != 0 && left > 1) {
        bench.Sample(parent, 1 + static_cast<int>(random() % 5), random, 30);
      } else if (action < 6 && !owned.empty()) {
        const size_t index = random() % owned.size();
        bench.Release(owned[index]);
        owned.erase(owned.begin() + static_cast<int64_t>(index));
      } else if (action == 6 && !bench.expected.empty() && random() % 4 == 0) {
        bench.scheduler.Abort(bench.expected.begin()->first, bench.done);
      } else if (bench.scheduler.has_work()) {
        bench.scheduler.Step(bench.done);
        if (bench.scheduler.is_stalled()) bench.scheduler.FailYoungest(bench.done);
      }
      for (const int64_t node : bench.Take()) owned.push_back(node);
    }
    while (bench.scheduler.has_work()) {
      bench.Run();
      if (bench.scheduler.is_stalled()) bench.scheduler.FailYoungest(bench.done);
      for (const int64_t node : bench.Take()) owned.push_back(node);
    }
    CHECK(bench.expected.empty());
    for (const int64_t node : owned) bench.Release(node);
    CHECK(bench.scheduler.stats().pages_used == 0);
    CHECK(bench.scheduler.stats().nodes == 0);
  }
}

TEST(children_of_one_parent_share_its_last_row) {
  Bench bench(100);
  std::mt19937_64 random(1);
  bench.Extend(0, RandomTokens(random, 20));
  bench.Run();
  const int64_t prompt = bench.Take().at(0);
  CHECK(bench.scheduler.stats().prefilled == 19);  // the last token is pending
  bench.Sample(prompt, 16, random, 1);
  bench.Run();
  CHECK(bench.Take().size() == size_t{16});
  CHECK(bench.scheduler.stats().decoded + bench.scheduler.stats().prefilled == 20);
}

TEST(known_tokens_are_not_run_twice) {
  Bench bench(100);
  std::mt19937_64 random(2);
  const auto tokens = RandomTokens(random, 50);
  bench.Extend(0, tokens, {49});
  bench.Run();
  bench.Take();
  auto longer = tokens;
  longer.insert(longer.end(), {2, 3, 4});
  bench.Extend(0, longer, {52});
  bench.Run();
  CHECK(bench.done.at(0).computed == 3);
  auto forked = tokens;
  forked[30] = 9;  // forks in the middle of a run
  bench.Take();
  bench.Extend(0, forked, {49});
  bench.Run();
  CHECK(bench.done.at(0).computed == 20);
  bench.Take();
}

TEST(forks_all_along_a_run_see_their_own_part_of_it) {
  for (int seed = 0; seed < 20; ++seed) {
    Bench bench(200);
    std::mt19937_64 random(seed);
    const auto trunk = RandomTokens(random, 100);
    bench.Extend(0, trunk, {99});
    bench.Run();
    bench.Take();
    for (int i = 0; i < 12; ++i) {
      auto branch = trunk;
      branch[random() % 99] = 10 + i;
      bench.Extend(0, branch, {99});
    }
    bench.Run();
    CHECK(bench.Take().size() == 12);
  }
}

TEST(chunks_bound_the_rows_of_a_step) {
  Bench bench(100, 8);
  std::mt19937_64 random(3);
  for (int i = 0; i < 4; ++i) bench.Extend(0, RandomTokens(random, 30), {3, 29});
  bench.Run();
  CHECK(bench.Take().size() == size_t{4});
  CHECK(bench.fake->most_rows <= 8);
}

TEST(a_failed_step_leaves_the_tree_as_it_was) {
  Bench bench(100);
  std::mt19937_64 random(4);
  bench.Extend(0, RandomTokens(random, 20));
  bench.Run();
  const int64_t prompt = bench.Take().at(0);
  const auto before = bench.scheduler.stats();
  bench.Sample(prompt, 3, random, 10);
  bench.fake->fails_next = true;
  bench.Run();
  bench.Take();
  CHECK(bench.failures.size() == size_t{3});
  CHECK(bench.failures.at(0) == "ENGINE_FAILED");
  CHECK(bench.scheduler.stats().pages_used == before.pages_used);
  CHECK(bench.scheduler.stats().nodes == before.nodes);
  bench.Sample(prompt, 3, random, 10);  // and lives on
  bench.Run();
  CHECK(bench.Take().size() == size_t{3});
}

TEST(what_can_never_fit_is_refused_at_once) {
  Bench bench(2);
  std::mt19937_64 random(5);
  bench.Extend(0, RandomTokens(random, 33));
  bench.Take();
  CHECK(bench.failures == std::vector<std::string>{"POOL_TOO_SMALL"});
  CHECK(bench.scheduler.stats().nodes == 0);
}

TEST(a_full_pool_preempts_and_still_gives_the_same_tokens) {
  Bench bench(8);
  std::mt19937_64 random(6);
  bench.Extend(0, RandomTokens(random, 8));
  bench.Run();
  const int64_t prompt = bench.Take().at(0);
  bench.Sample(prompt, 6, random, 60);  // up to four pages each
  bench.Run();
  for (const int64_t node : bench.Take()) bench.Release(node);
  while (bench.scheduler.has_work()) {
    bench.Run();
    const auto nodes = bench.Take();
    for (const int64_t node : nodes) bench.Release(node);
    if (nodes.empty() && bench.scheduler.is_stalled()) break;
  }
  CHECK(bench.expected.empty());
  CHECK(bench.failures.empty());
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
