use std::thread;

use redis::{InfoDict, RedisResult};

use super::{CHECK, Server, memory};
use crate::doctor::finding::Finding;
use crate::doctor::reach::WATCHED;

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
    let number = |name: &str| now.get::<u64>(name).unwrap_or(0);
    let (most, machine) = (number("maxmemory"), number("total_system_memory"));
    let more = twice(most, machine);
    let command = if more > most {
        server.set("maxmemory", &more.to_string())
    } else {
        "a machine with more memory, more shards, or a lower cache_ttl".to_owned()
    };
    Ok(Finding::warning(CHECK, found, why, command))
}

/// Twice as much, or what the machine has room for if that is less. One that is not told is 0.
fn twice(most: u64, machine: u64) -> u64 {
    let twice = most.saturating_mul(2);
    if machine == 0 { twice } else { twice.min(memory::room(machine)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_server_is_told_to_take_more_than_its_machine_has_room_for() {
        assert_eq!([twice(1 << 30, 16 << 30), twice(1 << 30, 0)], [2 << 30, 2 << 30]);
        assert_eq!(twice(4000, 6000), 4200);
        assert_eq!(twice(5000, 6000), 4200);
    }
}
