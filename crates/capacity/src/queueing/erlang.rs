/// Erlang's loss formula B(c, a): the share that is refused by `servers` without a queue, offered `load` erlangs (arrival
/// rate times service time). By the recursion `B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1))`, which is exact and stable.
///
/// Robert B. Cooper, *Introduction to Queueing Theory*, 2nd edition 1981, section 3.3.
///
/// ```
/// use capacity::queueing::erlang_b;
///
/// assert_eq!(erlang_b(1, 1.0), 0.5);
/// ```
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, server| load * blocked / (f64::from(server) + load * blocked))
}

/// Erlang's delay formula C(c, a): the share that waits for one of `servers`, by `C = c B / (c - a (1 - B))`. 1 where the
/// load is as much as there are servers, or more.
///
/// Cooper, section 3.4.
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let count = f64::from(servers);
    if load >= count {
        return 1.0;
    }
    let blocked = erlang_b(servers, load);
    count * blocked / (count - load * (1.0 - blocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_loses_and_delays_as_mm1_does() {
        for load in [0.1, 0.5, 0.9] {
            assert!((erlang_b(1, load) - load / (1.0 + load)).abs() < 1e-12);
            assert!((erlang_c(1, load) - load).abs() < 1e-12);
        }
        assert_eq!(erlang_c(4, 4.0), 1.0);
    }

    /// By the defining sums.
    #[test]
    fn the_recursion_is_the_quotient_of_sums() {
        let (servers, load) = (8, 6.3);
        let mut terms = vec![1.0];
        for k in 1..=servers {
            terms.push(terms[k - 1] * load / k as f64);
        }
        let lost = terms[servers] / terms.iter().sum::<f64>();
        assert!((erlang_b(servers as u32, load) - lost).abs() < 1e-12);
        let last = terms[servers] * servers as f64 / (servers as f64 - load);
        let delayed = last / (terms[..servers].iter().sum::<f64>() + last);
        assert!((erlang_c(servers as u32, load) - delayed).abs() < 1e-12);
    }
}
