// SPDX-License-Identifier: Apache-2.0
#include "record/journal.h"

#include "record/append_turn.h"
#include "record/file.h"
#include "record/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace sluice::record {
namespace {

constexpr std::string_view kMagic = "SLRJ";
constexpr std::uint32_t kJournalVersion = 1;
// Daemons that write to one directory at a time: one that hands over and one that takes over, and
// those whose last flows are ending still.
constexpr int kJournalsMax = 8;
constexpr std::uint32_t kSlotsMax = 1U << 16;

constexpr std::size_t kSlotCountAt = 8;
constexpr std::size_t kBootIdAt = 16;
constexpr std::size_t kBootIdBytes = 36;
static_assert(kBootIdAt + kBootIdBytes <= Journal::kSlotBytes);

constexpr std::size_t kBytesAt = 0;
constexpr std::size_t kBlockAt = 8;
constexpr std::size_t kSessionAt = 16;
constexpr std::size_t kSessionBytes = 64;
static_assert(kSessionAt + kSessionBytes <= Journal::kSlotHeadBytes);

std::string path_of(const std::string& directory, int number) {
  return directory + "/journal." + std::to_string(number);
}

std::atomic_ref<std::uint64_t> number_at(std::uint8_t* slot, std::size_t offset) {
  return std::atomic_ref{*reinterpret_cast<std::uint64_t*>(slot + offset)};
}

std::uint8_t* slot_at(const Mapping& journal, std::uint32_t number) {
  return journal.data() + (std::size_t{number} + 1) * Journal::kSlotBytes;
}

std::size_t file_bytes(std::uint32_t slots) {
  return (std::size_t{slots} + 1) * Journal::kSlotBytes;
}

Result<std::string> boot_id() {
  SLUICE_TRY(std::string text, read_small_file("/proc/sys/kernel/random/boot_id", 64));
  if (text.size() < kBootIdBytes) return Error{"this kernel does not say which boot it is"};
  text.resize(kBootIdBytes);
  return text;
}

// Readers come beside the writer, and after it.
struct OpenJournal {
  UniqueFd fd;
  Mapping mapping;
  std::uint32_t slots = 0;
  bool of_this_boot = false;
};

// nullopt: there is none, or it is no journal.
std::optional<OpenJournal> open_journal(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < file_bytes(1)) return std::nullopt;
  auto mapping = Mapping::of(fd.get(), size, /*writable=*/false);
  if (!mapping || std::memcmp(mapping->data(), kMagic.data(), kMagic.size()) != 0)
    return std::nullopt;
  const std::uint32_t slots = get_u32(mapping->data() + kSlotCountAt);
  if (get_u32(mapping->data() + kMagic.size()) != kJournalVersion || slots == 0 ||
      slots > kSlotsMax || file_bytes(slots) != size)
    return std::nullopt;
  const auto boot = boot_id();
  const bool same =
      boot && std::memcmp(mapping->data() + kBootIdAt, boot->data(), boot->size()) == 0;
  return OpenJournal{std::move(fd), *std::move(mapping), slots, same};
}

// Which session's which block a slot is for. It never is for the same one a second time.
struct Purpose {
  std::uint64_t block = 0;
  SessionId session;
  bool operator==(const Purpose&) const = default;
};

Purpose purpose_of(std::uint8_t* slot) {
  const auto* name = reinterpret_cast<const char*>(slot + kSessionAt);
  return {.block = number_at(slot, kBlockAt).load(std::memory_order_acquire),
          .session{name, ::strnlen(name, kSessionBytes)}};
}

// A slot's events beside its writer, who only ever adds to them, or empties it and gives it another
// purpose. The count is read between two looks at the purpose: if they agree, the count is of that
// block, and so are the events that were there before it.
std::optional<Waiting> copy_slot(std::uint8_t* slot) {
  Purpose purpose = purpose_of(slot);
  std::atomic_thread_fence(std::memory_order_acquire);
  const std::uint64_t bytes = number_at(slot, kBytesAt).load(std::memory_order_acquire);
  if (bytes == 0 || bytes > Journal::kEventBytesMax) return std::nullopt;
  const std::uint8_t* events = slot + Journal::kSlotHeadBytes;
  Waiting out{.session{}, .block = purpose.block, .events{events, events + bytes}};
  std::atomic_thread_fence(std::memory_order_acquire);
  if (purpose != purpose_of(slot)) return std::nullopt;
  out.session = std::move(purpose.session);
  return out;
}

}  // namespace

Result<Mapping> Mapping::of(int fd, std::size_t bytes, bool writable) {
  void* at =
      ::mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return Error::sys(errno, "map a journal");
  return Mapping{static_cast<std::uint8_t*>(at), bytes};
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

Journal::Slot::Slot(Journal& journal, std::uint32_t number, const SessionId& session,
                    std::uint64_t block)
    : journal_(journal), number_(number), at_(slot_at(journal.mapping_, number)) {
  const std::string_view name = std::string_view{session}.substr(0, kSessionBytes);
  std::memset(at_ + kSessionAt, 0, kSessionBytes);
  std::memcpy(at_ + kSessionAt, name.data(), name.size());
  number_at(at_, kBlockAt).store(block, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);  // before the first events
}

Journal::Slot::~Slot() {
  if (bytes_ == 0) journal_.give_back(number_);
}

void Journal::Slot::put(ByteView events) {
  std::memcpy(at_ + kSlotHeadBytes + bytes_, events.data(), events.size());
  bytes_ += events.size();
  number_at(at_, kBytesAt).store(bytes_, std::memory_order_release);
}

void Journal::Slot::clear(std::uint64_t block) {
  bytes_ = 0;
  number_at(at_, kBytesAt).store(0, std::memory_order_relaxed);
  number_at(at_, kBlockAt).store(block, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);  // before the next events overwrite these
}

Journal::Journal(std::string path, UniqueFd fd, Mapping mapping, std::uint32_t slots)
    : path_(std::move(path)), fd_(std::move(fd)), mapping_(std::move(mapping)), slots_(slots) {
  for (std::uint32_t number = slots; number > 0; --number) free_.push_back(number - 1);
}

Journal::~Journal() {
  for (std::uint32_t number = 0; number < slots_; ++number)
    if (number_at(slot_at(mapping_, number), kBytesAt).load() != 0) return;
  ::unlink(path_.c_str());
}

Result<std::unique_ptr<Journal>> Journal::create(const std::string& directory,
                                                 std::uint32_t slots) {
  SLUICE_TRY(const std::string boot, boot_id());
  for (int number = 0; number < kJournalsMax; ++number) {
    std::string path = path_of(directory, number);
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640)};
    if (!fd && errno == EEXIST) continue;
    if (!fd) return Error::sys(errno, "create '" + path + "'");
    const auto give_up = [&](const Error& error) {
      ::unlink(path.c_str());
      return error;
    };
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
      return give_up(Error::sys(errno, "lock '" + path + "'"));
    const std::size_t size = file_bytes(slots);
    // A page that the disk has no room for would end the daemon when it is touched.
    if (::fallocate(fd.get(), 0, 0, static_cast<off_t>(size)) != 0) {
      const int failed = errno;
      const Error error = give_up(Error::sys(failed, "find room for '" + path + "'"));
      if (failed == EOPNOTSUPP) return std::unique_ptr<Journal>{};
      return error;
    }
    auto mapping = Mapping::of(fd.get(), size, /*writable=*/true);
    if (!mapping) return give_up(mapping.error());
    std::uint8_t* head = mapping->data();
    put_u32(head + kMagic.size(), kJournalVersion);
    put_u32(head + kSlotCountAt, slots);
    std::copy(boot.begin(), boot.end(), head + kBootIdAt);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(head, kMagic.data(), kMagic.size());
    return std::unique_ptr<Journal>{
        new Journal{std::move(path), std::move(fd), *std::move(mapping), slots}};
  }
  return std::unique_ptr<Journal>{};
}

std::unique_ptr<Journal::Slot> Journal::claim(const SessionId& session, std::uint64_t block) {
  std::uint32_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    if (free_.empty()) return nullptr;
    number = free_.back();
    free_.pop_back();
  }
  return std::make_unique<Slot>(*this, number, session, block);
}

void Journal::give_back(std::uint32_t number) {
  const std::lock_guard lock{mutex_};
  free_.push_back(number);
}

JournalView JournalView::of(const std::string& directory) {
  JournalView view;
  for (int number = 0; number < kJournalsMax; ++number)
    if (auto journal = open_journal(path_of(directory, number)); journal && journal->of_this_boot)
      view.journals_.push_back(std::move(journal->mapping));
  return view;
}

std::optional<Bytes> JournalView::waiting(std::string_view session, std::uint64_t block) const {
  for (const Mapping& journal : journals_)
    for (std::uint32_t number = 0; file_bytes(number + 1) <= journal.size(); ++number) {
      std::uint8_t* slot = slot_at(journal, number);
      if (number_at(slot, kBytesAt).load(std::memory_order_relaxed) == 0) continue;
      auto found = copy_slot(slot);
      if (found && found->session == session && found->block == block)
        return std::move(found->events);
    }
  return std::nullopt;
}

Result<std::vector<LeftJournal>> left_journals(const std::string& directory) {
  std::vector<LeftJournal> left;
  for (int number = 0; number < kJournalsMax; ++number) {
    const std::string path = path_of(directory, number);
    if (::access(path.c_str(), F_OK) != 0 || has_living_writer(path)) continue;
    LeftJournal journal{.path = path, .of_this_boot = false, .waiting = {}};
    if (const auto opened = open_journal(path)) {
      journal.of_this_boot = opened->of_this_boot;
      for (std::uint32_t slot = 0; slot < opened->slots; ++slot)
        if (auto found = copy_slot(slot_at(opened->mapping, slot)))
          journal.waiting.push_back(*std::move(found));
    }
    left.push_back(std::move(journal));
  }
  return left;
}

}  // namespace sluice::record
