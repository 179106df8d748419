// What of libtorch has no C interface: its fused AdamW, and its profiler (Kineto).
//
// Every function returns 0 if it has done its work; otherwise `message`, of `size` bytes, says why.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <set>

#include <ATen/ops/_fused_adamw.h>
#include <torch/csrc/autograd/profiler_kineto.h>

namespace {

namespace profiler = torch::autograd::profiler;
using namespace torch::profiler::impl;

template <typename Work>
int guarded(char* message, size_t size, Work work) {
  try {
    work();
    return 0;
  } catch (const std::exception& e) {
    std::snprintf(message, size, "%s", e.what());
  } catch (...) {
    std::snprintf(message, size, "an exception without a message");
  }
  return 1;
}

} // namespace

// One update of `weights` and both moments in place. Each tensor is contiguous; `count`, without
// axes, holds how many updates there are with this one.
extern "C" int dt_train_adamw(
    const at::Tensor* weights,
    const at::Tensor* grads,
    const at::Tensor* first,
    const at::Tensor* second,
    const at::Tensor* count,
    double learning_rate,
    double beta_1,
    double beta_2,
    double weight_decay,
    double epsilon,
    char* message,
    size_t size) {
  return guarded(message, size, [&] {
    at::_fused_adamw_(
        {*weights}, {*grads}, {*first}, {*second}, {}, {*count}, learning_rate, beta_1, beta_2,
        weight_decay, epsilon, false, false);
  });
}

// Records operations of all threads and, on request, kernels of a GPU.
extern "C" int dt_train_profiler_start(bool cuda, char* message, size_t size) {
  return guarded(message, size, [&] {
    // Without a GPU it would complain that there is none.
    setenv("KINETO_LOG_LEVEL", "99", 0);
    std::set<ActivityType> activities{ActivityType::CPU};
    if (cuda) activities.insert(ActivityType::CUDA);
    ExperimentalConfig experimental;
    experimental.profile_all_threads = true;
    ProfilerConfig config(
        ProfilerState::KINETO, false, false, false, false, false, experimental);
    profiler::prepareProfiler(config, activities);
    profiler::enableProfiler(
        config, activities, {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION});
  });
}

// Ends the recording and writes it to a file.
extern "C" int dt_train_profiler_stop(const char* path, char* message, size_t size) {
  return guarded(message, size, [&] { profiler::disableProfiler()->save(path); });
}
