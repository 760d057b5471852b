// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include "store/schema.h"
#include "store/tables.h"

namespace sluice::store {

class Store::Impl {
 public:
  explicit Impl(Database database) : shared{{}, std::move(database)} {}

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
  return std::unique_ptr<Store>{new Store{std::make_unique<Impl>(std::move(database))}};
}

RunStore& Store::runs() { return impl_->runs; }
ApprovalStore& Store::approvals() { return impl_->approvals; }

}  // namespace sluice::store
