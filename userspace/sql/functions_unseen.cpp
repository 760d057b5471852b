// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's stable functions that look at nothing but their arguments, settings and the moment,
// and the volatile ones, extensions' too, of which each call is like the first. Those that look
// into the catalogue are left out: some take locks, which pg_locks shows, and current_schema() may
// make the session's temporary schema.
#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "sql/functions.h"

namespace sluice::sql {
namespace {

constexpr std::string_view kNames =
    // Time.
    "now transaction_timestamp statement_timestamp clock_timestamp timeofday age date time timetz "
    "timestamp timestamptz timezone date_part date_trunc date_add date_subtract extract overlaps "
    "make_timestamptz in_range interval_pl_timestamptz timestamptz_pl_interval "
    "timestamptz_mi_interval date_cmp_timestamptz date_eq_timestamptz date_ge_timestamptz "
    "date_gt_timestamptz date_le_timestamptz date_lt_timestamptz date_ne_timestamptz "
    "timestamp_cmp_timestamptz timestamp_eq_timestamptz timestamp_ge_timestamptz "
    "timestamp_gt_timestamptz timestamp_le_timestamptz timestamp_lt_timestamptz "
    "timestamp_ne_timestamptz timestamptz_cmp_date timestamptz_cmp_timestamp timestamptz_eq_date "
    "timestamptz_eq_timestamp timestamptz_ge_date timestamptz_ge_timestamp timestamptz_gt_date "
    "timestamptz_gt_timestamp timestamptz_le_date timestamptz_le_timestamp timestamptz_lt_date "
    "timestamptz_lt_timestamp timestamptz_ne_date timestamptz_ne_timestamp "
    // Texts and numbers.
    "to_char to_date to_number to_timestamp money numeric concat concat_ws format quote_literal "
    "quote_nullable anytextcat textanycat array_to_string length convert convert_from convert_to "
    "pg_char_to_encoding pg_encoding_to_char pg_client_encoding getdatabaseencoding "
    "gen_random_uuid gen_random_bytes gen_salt uuid_generate_v4 pgp_sym_encrypt "
    "pgp_sym_encrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea uuidv4 uuidv7 pg_typeof "
    "pg_collation_for pg_column_size "
    "pg_column_compression enum_first enum_last enum_range textsend bpcharsend varcharsend "
    "namesend "
    "xml_send enum_send array_send record_send range_send multirange_send array_out record_out "
    "range_out multirange_out enum_out date_out timestamp_out timestamptz_out interval_out "
    "cash_out "
    // Text search.
    "to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_headline "
    "ts_match_tq ts_match_tt json_to_tsvector jsonb_to_tsvector get_current_ts_config "
    // JSON and XML.
    "to_json to_jsonb row_to_json array_to_json json_build_array json_build_object "
    "jsonb_build_array jsonb_build_object json_agg jsonb_agg json_object_agg jsonb_object_agg "
    "json_agg_strict jsonb_agg_strict json_object_agg_strict json_object_agg_unique "
    "json_object_agg_unique_strict jsonb_object_agg_strict jsonb_object_agg_unique "
    "jsonb_object_agg_unique_strict json_populate_record jsonb_populate_record json_to_record "
    "jsonb_to_record jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz "
    "jsonb_path_query_first_tz xml xml_is_well_formed "
    // The session.
    "current_database current_setting current_user session_user "
    "system_user getpgusername version pg_backend_pid pg_conf_load_time pg_postmaster_start_time "
    "pg_is_in_recovery pg_trigger_depth inet_client_addr inet_client_port inet_server_addr "
    "inet_server_port txid_current_if_assigned pg_current_xact_id_if_assigned";

std::unordered_set<std::string_view> words_of(std::string_view text) {
  std::unordered_set<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

bool is_known_to_run_unseen(std::string_view name) {
  static const auto kKnown = words_of(kNames);
  return kKnown.contains(name);
}

}  // namespace sluice::sql
