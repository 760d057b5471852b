// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include "store/schema.h"
#include "store/tables.h"

namespace sluice::store {

class Store::Impl {
 public:
  Impl(std::string name, Database database)
      : file(std::move(name)), shared{{}, std::move(database)} {}

  const std::string file;

  LockedDatabase shared;
  RunTable runs{shared};
  ApprovalTable approvals{shared};
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& file) {
  SLUICE_TRY(Database database, Database::open(file));
  if (auto done = migrate(database, migrations()); !done)
    return done.error().within("store '" + file + "'");
  return std::unique_ptr<Store>{new Store{std::make_unique<Impl>(file, std::move(database))}};
}

void Store::release() {
  const std::lock_guard lock{impl_->shared.mutex};
  impl_->shared.database.close();
}

Result<void> Store::take_back() {
  const std::lock_guard lock{impl_->shared.mutex};
  SLUICE_TRY(impl_->shared.database, Database::open(impl_->file));
  return {};
}

RunStore& Store::runs() { return impl_->runs; }
ApprovalStore& Store::approvals() { return impl_->approvals; }

}  // namespace sluice::store
