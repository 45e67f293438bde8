//! Where a request comes from: the peer of its connection, or what proxies that are trusted say (`X-Forwarded-For`).

use std::fmt;
use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};

/// Bits before an address of IPv4 in one of IPv6 (RFC 4291, 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// A proxy, or all of a network (CIDR: RFC 4632), that is believed whom it was asked by.
///
/// ```
/// let network: service::TrustedProxy = "10.0.0.0/8".parse()?;
/// assert!(network.is_at("10.1.2.3".parse()?) && !network.is_at("11.0.0.1".parse()?));
/// assert_eq!("fd00::1".parse::<service::TrustedProxy>()?.to_string(), "fd00::1");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

impl TrustedProxy {
    /// Whether the address, of IPv4 if it can be, is its own or one of its network.
    pub fn is_at(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for TrustedProxy {
    type Err = AddrParseError;

    /// An address, or one with the length of its network's prefix. Those of IPv4 that are written as IPv6 are of IPv4.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Ok(network) = text.parse::<IpNet>() else {
            return text.parse().map(|address: IpAddr| Self(address.to_canonical().into()));
        };
        let mapped = match (network.addr().to_canonical(), network.prefix_len().checked_sub(MAPPED_PREFIX)) {
            (IpAddr::V4(address), Some(length)) if matches!(network, IpNet::V6(_)) => {
                Ipv4Net::new(address, length).ok().map(IpNet::V4)
            }
            _ => None,
        };
        Ok(Self(mapped.unwrap_or(network).trunc()))
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

/// The address of the client. Each proxy appends whom it was asked by: from the peer backwards, an address is believed as
/// long as all after it are trusted proxies. What is no address ends the walk, at whoever sent it.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[TrustedProxy]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|proxy| proxy.is_at(address));
    let mut client = peer.to_canonical();
    let values = headers.get_all("x-forwarded-for").iter().rev();
    for hop in values.flat_map(|value| value.as_bytes().rsplit(|&byte| byte == b',')) {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = hop_address(hop) else { break };
        client = address;
    }
    client
}

/// An address, in brackets or not, and perhaps a port, which some proxies add.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|hop: SocketAddr| hop.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted =
            ["10.0.0.1", "::ffff:10.0.0.2", "fd00::1", "172.16.5.5/12"].map(|proxy| proxy.parse().unwrap());
        let name = HeaderName::from_static("x-forwarded-for");
        let headers = forwarded.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap()));
        client_address(peer.parse().unwrap(), &headers.collect(), &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("192.0.2.9", &["1.1.1.1"]), "192.0.2.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.1.1.1"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.1.1.1,10.0.0.2"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "1.1.1.1", "fd00::1, 10.0.0.2"]), "1.1.1.1");
        assert_eq!(client("fd00::1", &["10.0.0.1, 10.0.0.2"]), "10.0.0.1");
    }

    #[test]
    fn networks_of_proxies_are_believed() {
        assert_eq!(client("172.31.255.255", &["1.1.1.1, 172.16.0.1"]), "1.1.1.1");
        assert_eq!(client("172.32.0.1", &["1.1.1.1"]), "172.32.0.1");
        for (text, told) in [
            ("172.16.5.5/12", "172.16.0.0/12"),
            ("10.0.0.1/32", "10.0.0.1"),
            ("fd00::/8", "fd00::/8"),
            ("::ffff:10.0.0.9/104", "10.0.0.0/8"),
        ] {
            assert_eq!(text.parse::<TrustedProxy>().unwrap().to_string(), told);
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "proxy", "/8", "10.0.0.1/"] {
            assert!(text.parse::<TrustedProxy>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_come_in_several_forms() {
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:1.1.1.1"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1:4711"]), "1.1.1.1");
        assert_eq!(client("10.0.0.1", &[" [2001:db8::1]:4711 "]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, ::ffff:10.0.0.2"]), "1.1.1.1");
    }

    #[test]
    fn what_is_no_address_ends_the_walk() {
        for hop in ["", "unknown", "1.1.1", "1.1.1.1:x", "[1.1.1.1", "1.1.1.1 2.2.2.2"] {
            assert_eq!(client("10.0.0.1", &[&format!("6.6.6.6, {hop}, 10.0.0.2")]), "10.0.0.2", "{hop}");
            assert_eq!(client("10.0.0.1", &[hop]), "10.0.0.1", "{hop}");
        }
    }

    proptest! {
        #[test]
        fn what_the_client_forges_is_not_believed(forged in "[0-9a-f.:, \\[\\]]{0,60}") {
            prop_assert_eq!(client("10.0.0.1", &[&forged, "1.1.1.1, 10.0.0.2"]), "1.1.1.1");
        }
    }
}
