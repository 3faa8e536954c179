// A first-come lock: whoever asks first runs first. Sessions of all models and environments share
// one, because two of them at once on the same cores are slower than one after the other.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace espalier {

class Baton {
 public:
  // Held from construction to destruction; the constructor blocks until it is this caller's turn.
  class Turn {
   public:
    explicit Turn(Baton& baton) : baton_(baton) {
      std::unique_lock lock(baton_.mutex_);
      const uint64_t ticket = baton_.next_ticket_++;
      baton_.changed_.wait(lock, [&] { return baton_.now_serving_ == ticket; });
    }
    ~Turn() {
      {
        const std::lock_guard lock(baton_.mutex_);
        ++baton_.now_serving_;
      }
      baton_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Baton& baton_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ticket_ = 0;
  uint64_t now_serving_ = 0;
};

}  // namespace espalier
