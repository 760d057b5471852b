// SPDX-License-Identifier: Apache-2.0
// libpg_query 15-4.0.0 loses its copy of an empty text (one byte) whenever the body of a DO cannot
// be parsed. What our side must free, the tree and the error, is allocated elsewhere and still
// watched.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse\n"; }
