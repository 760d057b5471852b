// SPDX-License-Identifier: Apache-2.0
#include "sql/builtin_names.h"

namespace sluice::sql {
namespace {

// Between blanks, and at both ends one.
constexpr std::string_view kOperators =
    " !! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < "
    "<-> << <<= <<| <= <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | "
    "|&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~ ~~* ";
constexpr std::string_view kTypes =
    " aclitem bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 "
    "float8 gtsvector inet int2 int2vector int4 int4multirange int4range int8 int8multirange "
    "int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric "
    "nummultirange numrange oid oidvector path pg_lsn pg_node_tree pg_snapshot point polygon "
    "refcursor regclass regcollation regconfig regdictionary regnamespace regoper regoperator "
    "regproc regprocedure regrole regtype text tid time timestamp timestamptz timetz tsmultirange "
    "tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot uuid varbit varchar xid xid8 "
    "xml cardinal_number character_data sql_identifier time_stamp yes_or_no ";
constexpr std::string_view kPseudoTypes =
    " any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray "
    "anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange cstring "
    "event_trigger "
    "fdw_handler index_am_handler internal language_handler record table_am_handler trigger "
    "tsm_handler unknown void ";
// Configurations, dictionaries, templates, a parser; a dictionary of a language is called so with
// _stem.
constexpr std::string_view kTextSearch =
    " arabic armenian basque catalan danish default dutch english estonian finnish french german "
    "greek hindi hungarian indonesian irish ispell italian lithuanian nepali norwegian polish "
    "portuguese romanian russian serbian simple snowball spanish swedish synonym tamil thesaurus "
    "turkish yiddish ";

constexpr std::string_view kOfRows =
    " any_out any_value anycompatible_out anycompatiblenonarray_out anyelement_out anynonarray_out "
    "array_agg concat count cume_dist dense_rank hash_record hash_record_extended json_agg "
    "json_agg_strict json_build_array json_build_object jsonb_agg jsonb_agg_strict "
    "jsonb_build_array jsonb_build_object mode num_nonnulls num_nulls percent_rank "
    "pg_collation_for pg_column_compression pg_column_size pg_column_toast_chunk_id pg_typeof "
    "quote_literal quote_nullable rank record_out record_send row_to_json to_json to_jsonb ";

bool lists(std::string_view list, std::string_view name) {
  for (std::size_t at = list.find(name); !name.empty() && at != std::string_view::npos;
       at = list.find(name, at + 1))
    if (list[at - 1] == ' ' && list[at + name.size()] == ' ')
      return name.find(' ') == std::string_view::npos;
  return false;
}

}  // namespace

bool is_builtin_operator(std::string_view name) { return lists(kOperators, name); }
bool is_builtin_type_name(std::string_view name) { return lists(kTypes, name); }
bool is_pseudo_type_name(std::string_view name) { return lists(kPseudoTypes, name); }
bool is_builtin_text_search(std::string_view name) {
  return name.ends_with("_stem") || lists(kTextSearch, name);
}

bool is_builtin_of_rows(std::string_view name) { return lists(kOfRows, name); }

}  // namespace sluice::sql
