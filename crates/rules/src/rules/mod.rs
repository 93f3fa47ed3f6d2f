//! The rules, one a file. The list is generated: see `registry`.

pub(crate) mod cached_method;
pub(crate) mod implicit_cache_bound;
pub(crate) mod unbounded_cache;
pub(crate) mod unbounded_collection;
pub(crate) mod unbounded_collection_in_loop;
pub(crate) mod unbounded_lru_cache;
pub(crate) mod unclosed_file;
