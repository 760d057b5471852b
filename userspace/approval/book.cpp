// SPDX-License-Identifier: Apache-2.0
#include "approval/book.h"

#include "approval/binding.h"
#include "approval/request_codec.h"
#include "approval/rules.h"
#include "base/check.h"
#include "store/store.h"

#include <sys/random.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace sluice::approval {
namespace {

// Keeps time points from overflowing whatever a policy says; no flow lives this long.
constexpr std::chrono::seconds kTimeoutMax{std::chrono::hours{24 * 365}};
constexpr std::chrono::hours kPruneEvery{1};

struct Pending {
  Request request;
  Approvals::Answer answer;
  std::string binding;
  std::optional<std::chrono::seconds> grant_for;  // shortest that was said; by all who approved
};

struct LiveGrant {
  Grant grant;
  std::string binding;
};

// What is told to a flow once the lock is gone.
struct Telling {
  Approvals::Answer answer;
  Decision decision;
};

std::string random_name(std::size_t characters) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string name(characters, 'a');
  std::vector<unsigned char> random(characters);
  // getrandom() for so few bytes neither fails nor comes up short once the machine has booted.
  SLUICE_CHECK(::getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  for (std::size_t i = 0; i < characters; ++i) name[i] = kAlphabet[random[i] & 31U];
  return name;
}

store::Ending ending_of(const Request& request) {
  return {request.ticket, std::string(name_of(request.state)), request.note, request.decided_at};
}

}  // namespace

class ApprovalBook::Impl {
 public:
  Impl(store::ApprovalStore& store, const Clock& clock, const Limits& limits)
      : store_(store), clock_(clock), limits_(limits) {}

  Result<void> start();
  Result<void> ask(const Ask& ask, const SessionId& session, Answer answer);
  void withdraw(const TicketId& ticket, const std::string& reason);
  void note_rows(const TicketId& ticket, std::uint64_t rows);
  std::variant<VoteOutcome, VoteRefused> vote(const Person& person, const Ballot& ballot);
  std::vector<Request> list(std::optional<WallTime> decided_since) const;
  std::vector<Grant> grants() const;
  Result<bool> revoke_grant(const std::string& id, const std::string& by);
  void end_run(const RunId& run, const std::string& reason);
  void end_everything(const std::string& reason);
  void tick();
  SteadyTime next_deadline() const;
  std::uint64_t version() const;
  void on_change(std::function<void()> changed);

 private:
  using Lock = std::unique_lock<std::mutex>;
  using PendingList = std::list<Pending>;

  PendingList::iterator find(const TicketId& ticket);
  Result<void> check_room(const Intent& intent) const;
  const LiveGrant* grant_for(const std::string& binding, SteadyTime now) const;
  Result<void> answer_by_grant(Lock& lock, Request request, const Grant& grant, Answer answer);
  std::optional<LiveGrant> make_grant(const Pending& pending) const;
  // Takes the request off the list; its flow is told by tell().
  Telling take(PendingList::iterator pending, DecisionKind kind, std::string by, std::string note);
  void tell(Lock& lock, std::vector<Telling> tellings);
  void changed(Lock& lock);
  void expire(SteadyTime now, std::vector<Telling>& tellings);

  store::ApprovalStore& store_;
  const Clock& clock_;
  const Limits limits_;

  mutable std::mutex mutex_;
  std::condition_variable told_;
  PendingList pending_;  // oldest first
  std::vector<LiveGrant> grants_;
  // Answers under way, without the lock: who gives it, nullopt while it waits for its turn.
  std::map<TicketId, std::optional<std::thread::id>> telling_;
  std::uint64_t version_ = 1;
  std::function<void()> on_change_;
  SteadyTime prune_at_{};
};

Result<void> ApprovalBook::Impl::start() {
  const WallTime now = clock_.wall();
  auto ended = store_.end_all_pending("withdrawn", "the daemon was restarted", now);
  if (!ended) return ended.error().within("close the requests of the last life");
  if (auto done = store_.end_all_grants("restart", now); !done)
    return done.error().within("close the grants of the last life");
  if (auto done = store_.prune(now - limits_.keep); !done)
    return done.error().within("forget old requests");
  prune_at_ = clock_.steady() + kPruneEvery;
  return {};
}

ApprovalBook::Impl::PendingList::iterator ApprovalBook::Impl::find(const TicketId& ticket) {
  return std::find_if(pending_.begin(), pending_.end(),
                      [&](const Pending& entry) { return entry.request.ticket == ticket; });
}

Result<void> ApprovalBook::Impl::check_room(const Intent& intent) const {
  if (pending_.size() >= limits_.pending_max)
    return Error{"too many statements wait for approval on this host (" +
                 std::to_string(limits_.pending_max) + "): try again when some are decided"};
  const RunId& outermost = intent.lineage->front().id;
  const auto same = std::count_if(pending_.begin(), pending_.end(), [&](const Pending& entry) {
    return entry.request.intent.lineage->front().id == outermost;
  });
  if (static_cast<std::size_t>(same) >= limits_.pending_per_outermost_run_max)
    return Error{"too many statements of this run wait for approval (" +
                 std::to_string(limits_.pending_per_outermost_run_max) +
                 "): try again when some are decided"};
  return {};
}

const LiveGrant* ApprovalBook::Impl::grant_for(const std::string& binding, SteadyTime now) const {
  for (const LiveGrant& live : grants_)
    if (live.grant.deadline > now && live.binding == binding) return &live;
  return nullptr;
}

Result<void> ApprovalBook::Impl::ask(const Ask& ask, const SessionId& session, Answer answer) {
  Lock lock{mutex_};
  if (find(ask.ticket) != pending_.end())
    return Error{"ticket '" + ask.ticket + "' is in use already"};
  const auto timeout = std::clamp(ask.verdict.timeout, std::chrono::seconds{0}, kTimeoutMax);
  Request request;
  request.ticket = ask.ticket;
  request.session = session;
  request.statement = ask.statement;
  request.intent = ask.intent;
  request.verdict = ask.verdict;
  request.asked_at = clock_.wall();
  request.expires_at = request.asked_at + timeout;
  const SteadyTime now = clock_.steady();
  request.deadline = now + timeout;

  std::string binding = binding_of(ask.intent, ask.verdict);
  if (const LiveGrant* live = grant_for(binding, now))
    return answer_by_grant(lock, std::move(request), Grant{live->grant}, std::move(answer));
  SLUICE_TRY_VOID(check_room(ask.intent));
  if (auto stored = store_.add_request(to_entry(request)); !stored)
    return stored.error().within("the request could not be stored");
  pending_.push_back({std::move(request), std::move(answer), std::move(binding), std::nullopt});
  changed(lock);
  return {};
}

Result<void> ApprovalBook::Impl::answer_by_grant(Lock& lock, Request request, const Grant& grant,
                                                 Answer answer) {
  request.state = State::kApproved;
  request.decided_at = request.asked_at;
  request.note = "grant " + grant.id + " by " + grant.by;
  if (auto stored = store_.add_request(to_entry(request)); !stored)
    return stored.error().within("the request could not be stored");
  std::vector<Telling> tellings;
  tellings.push_back(
      {std::move(answer), {request.ticket, DecisionKind::kApproved, grant.by, request.note}});
  tell(lock, std::move(tellings));
  changed(lock);
  return {};
}

Telling ApprovalBook::Impl::take(PendingList::iterator pending, DecisionKind kind, std::string by,
                                 std::string note) {
  Telling telling{std::move(pending->answer),
                  {pending->request.ticket, kind, std::move(by), std::move(note)}};
  pending_.erase(pending);
  return telling;
}

void ApprovalBook::Impl::tell(Lock& lock, std::vector<Telling> tellings) {
  for (const Telling& telling : tellings) telling_[telling.decision.ticket] = std::nullopt;
  for (Telling& telling : tellings) {
    const auto mark = telling_.find(telling.decision.ticket);
    if (mark == telling_.end()) continue;  // withdrawn while an earlier one was told
    mark->second = std::this_thread::get_id();
    lock.unlock();
    telling.answer(telling.decision);
    telling.answer = nullptr;  // what it captured goes before withdraw() may return
    lock.lock();
    telling_.erase(telling.decision.ticket);
    told_.notify_all();
  }
}

// Ends the caller's hold on the lock: what is called must be free to call back.
void ApprovalBook::Impl::changed(Lock& lock) {
  ++version_;
  const auto call = on_change_;
  lock.unlock();
  if (call) call();
}

void ApprovalBook::Impl::withdraw(const TicketId& ticket, const std::string& reason) {
  Lock lock{mutex_};
  const auto pending = find(ticket);
  if (pending == pending_.end()) {
    const auto mark = telling_.find(ticket);
    if (mark != telling_.end() && !mark->second) {
      telling_.erase(mark);
      return;
    }
    told_.wait(lock, [&] {
      const auto teller = telling_.find(ticket);
      return teller == telling_.end() || teller->second == std::this_thread::get_id();
    });
    return;
  }
  // Should the store fail, the row stays pending there until the next start closes it: nobody can
  // vote on it any more, since votes go by the list in memory.
  static_cast<void>(store_.end_request({ticket, "withdrawn", reason, clock_.wall()}));
  pending_.erase(pending);
  changed(lock);
}

std::optional<LiveGrant> ApprovalBook::Impl::make_grant(const Pending& pending) const {
  if (!pending.grant_for) return std::nullopt;
  const Request& request = pending.request;
  const Run& run = request.intent.lineage->back();
  LiveGrant live;
  live.grant.id = "grant-" + random_name(8);
  live.grant.ticket = request.ticket;
  live.grant.run = run.id;
  live.grant.agent = run.agent;
  live.grant.resource = request.intent.resource;
  live.grant.database = request.intent.database;
  live.grant.statement = request.intent.statement;
  live.grant.by = deciders(request, true);
  live.grant.given_at = clock_.wall();
  live.grant.expires_at = live.grant.given_at + *pending.grant_for;
  live.grant.deadline = clock_.steady() + *pending.grant_for;
  live.binding = pending.binding;
  return live;
}

void ApprovalBook::Impl::note_rows(const TicketId& ticket, std::uint64_t rows) {
  Lock lock{mutex_};
  const auto pending = find(ticket);
  if (pending == pending_.end()) return;
  pending->request.estimated_rows = rows;
  changed(lock);
}

std::variant<VoteOutcome, VoteRefused> ApprovalBook::Impl::vote(const Person& person,
                                                                const Ballot& ballot) {
  using Why = VoteRefused::Why;
  Lock lock{mutex_};
  const auto found = find(ballot.ticket);
  // A vote that comes after the deadline but before the next tick is too late all the same.
  if (found == pending_.end() || found->request.deadline <= clock_.steady())
    return VoteRefused{Why::kNoSuchTicket, "no request '" + ballot.ticket.substr(0, 32) +
                                               "' is waiting: it was decided, has expired, or "
                                               "its session is gone"};
  if (auto refused = refuse_vote(found->request, person, ballot, limits_)) return *refused;
  if (ballot.grant_for && grants_.size() >= limits_.grants_max)
    return VoteRefused{Why::kInvalid,
                       "too many grants are in force: revoke one, or approve "
                       "without a duration"};

  // Everything on a copy, so that a store that fails leaves the request as it was.
  Pending next{found->request, nullptr, found->binding, found->grant_for};
  const bool first_approval = next.request.votes.empty();
  next.request.votes.push_back(
      {person.uid, person.user, ballot.approve, ballot.note, clock_.wall()});
  if (first_approval)
    next.grant_for = ballot.grant_for;
  else if (next.grant_for)
    next.grant_for = ballot.grant_for ? std::min(next.grant_for, ballot.grant_for) : std::nullopt;
  const std::uint32_t needed = still_needed(next.request);
  if (!ballot.approve)
    next.request.state = State::kDenied;
  else if (needed == 0)
    next.request.state = State::kApproved;

  const bool ended = next.request.state != State::kPending;
  next.request.note = ended ? ballot.note : std::string{};
  next.request.decided_at = ended ? clock_.wall() : WallTime{};
  const auto live = next.request.state == State::kApproved ? make_grant(next) : std::nullopt;
  const store::VoteEntry entry{ballot.ticket,  person.uid,  person.user,
                               ballot.approve, ballot.note, next.request.votes.back().at};
  const store::Ending ending = ending_of(next.request);
  std::optional<store::GrantEntry> grant;
  if (live)
    grant = store::GrantEntry{live->grant.id, live->grant.ticket,   live->binding,
                              live->grant.by, live->grant.given_at, live->grant.expires_at};
  if (auto stored = store_.add_vote(entry, ended ? &ending : nullptr, grant ? &*grant : nullptr);
      !stored)
    return VoteRefused{Why::kStoreFailed, "the vote was not counted: " + stored.error().text()};

  VoteOutcome outcome{next.request.state, ended ? 0 : needed, live ? live->grant.id : ""};
  if (!ended) {
    found->request = std::move(next.request);
    found->grant_for = next.grant_for;
    changed(lock);
    return outcome;
  }
  if (live) grants_.push_back(*live);
  std::vector<Telling> tellings;
  tellings.push_back(take(found, ballot.approve ? DecisionKind::kApproved : DecisionKind::kDenied,
                          deciders(next.request, ballot.approve), ballot.note));
  tell(lock, std::move(tellings));
  changed(lock);
  return outcome;
}

std::vector<Request> ApprovalBook::Impl::list(std::optional<WallTime> decided_since) const {
  std::vector<Request> requests;
  {
    const Lock lock{mutex_};
    for (const Pending& entry : pending_) requests.push_back(entry.request);
  }
  if (!decided_since) return requests;
  auto entries = store_.decided_since(*decided_since, limits_.decided_listed_max);
  if (!entries) return requests;
  for (const auto& entry : *entries) {
    auto request = from_entry(entry);
    if (!request) continue;
    if (auto votes = store_.votes(entry.ticket); votes)
      for (const auto& vote : *votes)
        request->votes.push_back({vote.uid, vote.by, vote.approve, vote.note, vote.at});
    requests.push_back(*std::move(request));
  }
  return requests;
}

std::vector<Grant> ApprovalBook::Impl::grants() const {
  const Lock lock{mutex_};
  const SteadyTime now = clock_.steady();
  std::vector<Grant> grants;
  for (const LiveGrant& live : grants_)
    if (live.grant.deadline > now) grants.push_back(live.grant);
  return grants;
}

Result<bool> ApprovalBook::Impl::revoke_grant(const std::string& id, const std::string& by) {
  Lock lock{mutex_};
  const auto found = std::find_if(grants_.begin(), grants_.end(),
                                  [&](const LiveGrant& live) { return live.grant.id == id; });
  if (found == grants_.end()) return false;
  // Out of force first, whatever the store says: the row is history only.
  grants_.erase(found);
  auto stored = store_.end_grant(id, by, clock_.wall());
  changed(lock);
  if (!stored) return stored.error().within("the grant is revoked, but the store has not noted it");
  return true;
}

void ApprovalBook::Impl::end_run(const RunId& run, const std::string& reason) {
  Lock lock{mutex_};
  const WallTime now = clock_.wall();
  std::vector<Telling> tellings;
  for (auto entry = pending_.begin(); entry != pending_.end();) {
    const auto next = std::next(entry);
    if (entry->request.intent.lineage->back().id == run) {
      static_cast<void>(store_.end_request({entry->request.ticket, "withdrawn", reason, now}));
      tellings.push_back(take(entry, DecisionKind::kWithdrawn, {}, reason));
    }
    entry = next;
  }
  const auto before = grants_.size();
  std::erase_if(grants_, [&](const LiveGrant& live) {
    if (live.grant.run != run) return false;
    static_cast<void>(store_.end_grant(live.grant.id, "end of the run", now));
    return true;
  });
  if (tellings.empty() && before == grants_.size()) return;
  tell(lock, std::move(tellings));
  changed(lock);
}

void ApprovalBook::Impl::end_everything(const std::string& reason) {
  Lock lock{mutex_};
  const WallTime now = clock_.wall();
  std::vector<Telling> tellings;
  for (auto entry = pending_.begin(); entry != pending_.end();) {
    const auto next = std::next(entry);
    static_cast<void>(store_.end_request({entry->request.ticket, "withdrawn", reason, now}));
    tellings.push_back(take(entry, DecisionKind::kWithdrawn, {}, reason));
    entry = next;
  }
  for (const LiveGrant& live : grants_)
    static_cast<void>(store_.end_grant(live.grant.id, reason, now));
  grants_.clear();
  tell(lock, std::move(tellings));
  changed(lock);
}

void ApprovalBook::Impl::expire(SteadyTime now, std::vector<Telling>& tellings) {
  for (auto entry = pending_.begin(); entry != pending_.end();) {
    const auto next = std::next(entry);
    if (entry->request.deadline <= now) {
      const std::string note = "nobody decided in time";
      // The flow is told whether or not the store could note it: the answer is no in both cases.
      static_cast<void>(
          store_.end_request({entry->request.ticket, "expired", note, clock_.wall()}));
      tellings.push_back(take(entry, DecisionKind::kExpired, {}, note));
    }
    entry = next;
  }
}

void ApprovalBook::Impl::tick() {
  Lock lock{mutex_};
  const SteadyTime now = clock_.steady();
  if (now >= prune_at_) {
    prune_at_ = now + kPruneEvery;
    // A failure costs disk space only and is tried again in an hour.
    static_cast<void>(store_.prune(clock_.wall() - limits_.keep));
  }
  std::vector<Telling> tellings;
  expire(now, tellings);
  const auto before = grants_.size();
  std::erase_if(grants_, [&](const LiveGrant& live) {
    if (live.grant.deadline > now) return false;
    static_cast<void>(store_.end_grant(live.grant.id, "time", clock_.wall()));
    return true;
  });
  if (tellings.empty() && before == grants_.size()) return;
  tell(lock, std::move(tellings));
  changed(lock);
}

SteadyTime ApprovalBook::Impl::next_deadline() const {
  const Lock lock{mutex_};
  SteadyTime next = SteadyTime::max();
  for (const Pending& entry : pending_) next = std::min(next, entry.request.deadline);
  for (const LiveGrant& live : grants_) next = std::min(next, live.grant.deadline);
  return next;
}

std::uint64_t ApprovalBook::Impl::version() const {
  const Lock lock{mutex_};
  return version_;
}

void ApprovalBook::Impl::on_change(std::function<void()> changed) {
  const Lock lock{mutex_};
  on_change_ = std::move(changed);
}

// --- the book hands everything to its Impl

ApprovalBook::ApprovalBook(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApprovalBook::~ApprovalBook() = default;

Result<std::unique_ptr<ApprovalBook>> ApprovalBook::open(store::ApprovalStore& store,
                                                         const Clock& clock, const Limits& limits) {
  auto impl = std::make_unique<Impl>(store, clock, limits);
  SLUICE_TRY_VOID(impl->start());
  return std::unique_ptr<ApprovalBook>{new ApprovalBook{std::move(impl)}};
}

Result<void> ApprovalBook::ask(const Ask& ask, const SessionId& session, Answer answer) {
  return impl_->ask(ask, session, std::move(answer));
}
void ApprovalBook::withdraw(const TicketId& ticket, const std::string& reason) {
  impl_->withdraw(ticket, reason);
}
void ApprovalBook::note_rows(const TicketId& ticket, std::uint64_t rows) {
  impl_->note_rows(ticket, rows);
}
std::variant<VoteOutcome, VoteRefused> ApprovalBook::vote(const Person& person,
                                                          const Ballot& ballot) {
  return impl_->vote(person, ballot);
}
std::vector<Request> ApprovalBook::list(std::optional<WallTime> decided_since) const {
  return impl_->list(decided_since);
}
std::vector<Grant> ApprovalBook::grants() const { return impl_->grants(); }
Result<bool> ApprovalBook::revoke_grant(const std::string& id, const std::string& by) {
  return impl_->revoke_grant(id, by);
}
void ApprovalBook::end_run(const RunId& run, const std::string& reason) {
  impl_->end_run(run, reason);
}
void ApprovalBook::end_everything(const std::string& reason) { impl_->end_everything(reason); }
bool ApprovalBook::names(const Approvers& approvers, const Person& person) {
  return approval::names(approvers, person);
}
void ApprovalBook::tick() { impl_->tick(); }
SteadyTime ApprovalBook::next_deadline() const { return impl_->next_deadline(); }
std::uint64_t ApprovalBook::version() const { return impl_->version(); }
void ApprovalBook::on_change(std::function<void()> changed) {
  impl_->on_change(std::move(changed));
}

}  // namespace sluice::approval
