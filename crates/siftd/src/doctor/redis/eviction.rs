use std::thread;

use redis::{InfoDict, RedisResult};

use super::{CHECK, Server};
use crate::doctor::backend::WATCHED;
use crate::doctor::finding::Finding;

/// Whether entries that have not expired are thrown away now.
pub(super) fn check(server: &mut Server, before: &InfoDict) -> RedisResult<Finding> {
    thread::sleep(WATCHED);
    let now = server.info()?;
    let evicted = |info: &InfoDict| info.get::<u64>("evicted_keys").unwrap_or(0);
    let (since_start, lately) = (evicted(&now), evicted(&now).saturating_sub(evicted(before)));
    let ratio = {
        let number = |name: &str| now.get::<u64>(name).unwrap_or(0) as f64;
        number("keyspace_hits") / (number("keyspace_hits") + number("keyspace_misses")).max(1.0)
    };
    let found = server.told(format!(
        "{lately} keys evicted within a second, {since_start} since its start; {:.0} % of its lookups were hits",
        ratio * 100.0
    ));
    if lately == 0 {
        return Ok(Finding::ok(CHECK, found));
    }
    let why = "the working set does not fit: what is thrown away before it expires is computed again";
    let most: u64 = now.get("maxmemory").unwrap_or(0);
    Ok(Finding::warning(CHECK, found, why, server.set("maxmemory", &most.saturating_mul(2).to_string())))
}
