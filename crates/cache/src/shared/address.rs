use std::fmt;
use std::net::IpAddr;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// Name or address of the host, an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl HostPort {
    /// Whether it is this host under one of the names that mean nothing else.
    pub(crate) fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        address.map_or(self.host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Addresses, as they stand in errors.
pub(crate) fn listed(addresses: &[HostPort]) -> String {
    addresses.iter().map(HostPort::to_string).collect::<Vec<_>>().join(",")
}

/// Who a server is asked as. The password is not shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// Name of the user, where it is not the server's default.
    pub username: Option<String>,
    /// The password, if there is one.
    pub password: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "…");
        f.debug_struct("Credentials").field("username", &self.username).field("password", &password).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_as_urls_have_them() {
        let addresses = [("localhost", 1), ("10.0.0.1", 6379), ("::1", 11211)]
            .map(|(host, port)| HostPort { host: host.to_owned(), port });
        assert_eq!(listed(&addresses), "localhost:1,10.0.0.1:6379,[::1]:11211");
    }

    #[test]
    fn this_host_is_known_by_what_means_nothing_else() {
        let is_loopback = |host: &str| HostPort { host: host.to_owned(), port: 6379 }.is_loopback();
        assert!(["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"].into_iter().all(is_loopback));
        assert!(!["redis", "localhost.example", "10.0.0.1", "fe80::1", ""].into_iter().any(is_loopback));
    }

    #[test]
    fn a_password_is_not_shown() {
        let credentials = Credentials { username: Some("siftd".into()), password: Some("hunter2".into()) };
        assert_eq!(
            format!("{credentials:?}"),
            r#"Credentials { username: Some("siftd"), password: Some("…") }"#
        );
    }
}
