//! The part of a URL that names servers, and who they are asked as (RFC 3986, with several hosts).

use cache::{Credentials, HostPort};
use percent_encoding::percent_decode_str;

/// Servers, and who they are asked as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    /// At least one.
    pub(crate) hosts: Vec<HostPort>,
    pub(crate) credentials: Credentials,
}

impl Authority {
    /// `[user[:password]@]host[:port],...`, where both of the first are percent-encoded.
    pub(crate) fn parse(text: &str, default_port: u16) -> Option<Self> {
        let (credentials, hosts) = match text.rsplit_once('@') {
            Some((user, hosts)) => (credentials(user)?, hosts),
            None => (Credentials::default(), text),
        };
        let hosts = hosts.split(',').map(|host| host_port(host, default_port)).collect::<Option<_>>()?;
        Some(Self { hosts, credentials })
    }
}

fn credentials(text: &str) -> Option<Credentials> {
    let (username, password) = match text.split_once(':') {
        Some((username, password)) => (username, Some(decoded(password)?)),
        None => (text, None),
    };
    let username = decoded(username)?;
    Some(Credentials { username: (!username.is_empty()).then_some(username), password })
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

fn host_port(text: &str, default_port: u16) -> Option<HostPort> {
    let (host, port) = match text.strip_prefix('[') {
        Some(address) => {
            let (host, port) = address.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"/?#@[]".contains(&byte);
    let port = port.map_or(Some(default_port), |port| port.parse().ok().filter(|port| *port != 0))?;
    (!host.is_empty() && host.bytes().all(plain)).then(|| HostPort { host: host.to_owned(), port })
}

/// A URL, or a text that was to be one, with the password in it masked, if there is one.
pub(crate) fn masked(url: &str) -> String {
    if url.starts_with("disk:") {
        return url.to_owned();
    }
    let scheme = url.find("://").map_or(0, |end| end + "://".len());
    let user = url[scheme..].rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host)));
    match user {
        Some((user, host)) => without_parameter(&format!("{}{user}:…@{host}", &url[..scheme])),
        None => without_parameter(url),
    }
}

/// PostgreSQL's URLs may have the password as a parameter.
fn without_parameter(url: &str) -> String {
    match url.split_once("password=") {
        Some((before, after)) => {
            let after = after.split_once('&').map_or(String::new(), |(_, after)| format!("&{after}"));
            format!("{before}password=…{after}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        let cases = [
            ("redis://host/1", "redis://host/1"),
            ("redis://user@host/1", "redis://user@host/1"),
            ("disk:///mnt/a:b@c", "disk:///mnt/a:b@c"),
            ("redis://user:hunter2@host/1", "redis://user:…@host/1"),
            ("redis://:hunter2@host", "redis://:…@host"),
            ("redis://user:hun@ter2@host", "redis://user:…@host"),
            ("redis:/user:hunter2@host", "redis:…@host"),
            (
                "postgres://host/db?user=x&password=hunter2&sslmode=require",
                "postgres://host/db?user=x&password=…&sslmode=require",
            ),
        ];
        for (url, expected) in cases {
            assert_eq!(masked(url), expected);
        }
    }

    #[test]
    fn hosts_have_ports_or_the_default() {
        let authority = Authority::parse("a,b:1,[::1],[::2]:3", 9).unwrap();
        let hosts: Vec<_> = authority.hosts.iter().map(HostPort::to_string).collect();
        assert_eq!(hosts, ["a:9", "b:1", "[::1]:9", "[::2]:3"]);
        for text in ["", "a,", "a:", "a:65536", "[::1", "[x]", "[::1]3", "a b", "%ff@a"] {
            assert_eq!(Authority::parse(text, 9), None, "{text}");
        }
    }
}
