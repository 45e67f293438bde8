use std::net::SocketAddr;

use http::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri};
use tokio::net::{TcpStream, lookup_host};

use crate::error::LoadError;

/// The service that load is made for.
#[derive(Debug, Clone)]
pub struct Target {
    url: String,
    authority: String,
    /// What stands before the paths of the service: empty, or `/prefix`.
    prefix: String,
    query: Option<String>,
    pub(crate) headers: HeaderMap,
}

impl Target {
    /// The service at `http://HOST[:PORT][/PREFIX][?QUERY]`; the query goes with every upload, so that parameters of
    /// features can stand there. A key is sent as a bearer token.
    ///
    /// # Errors
    /// [`LoadError::Url`], [`LoadError::ApiKey`]
    ///
    /// ```
    /// assert!(loadgen::Target::new("http://localhost:8000/?denoise=none", None).is_ok());
    /// assert!(loadgen::Target::new("https://localhost", None).is_err());
    /// ```
    pub fn new(url: &str, api_key: Option<&str>) -> Result<Self, LoadError> {
        let wrong = |reason: String| LoadError::Url { url: without_user(url), reason };
        let uri: Uri = url.parse().map_err(|error| wrong(format!("{error}")))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong(
                "must begin with http:// (there is no TLS: load what stands behind it)".to_owned(),
            ));
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("names no host".to_owned()))?;
        let given = uri.authority().map_or(host, |authority| authority.as_str());
        if given.contains('@') {
            return Err(wrong("names a user, who would not be sent: a key goes by itself".to_owned()));
        }
        let port = match given.strip_prefix(host).unwrap_or_default().strip_prefix(':') {
            None => 80,
            Some(port) => {
                port.parse::<u16>().map_err(|_| wrong("has a port that is none: 0 to 65535".to_owned()))?
            }
        };
        let authority = format!("{host}:{port}");
        let header = |text: &str| HeaderValue::from_str(text);
        let mut headers = HeaderMap::new();
        headers.insert(HOST, header(&authority).map_err(|error| wrong(error.to_string()))?);
        headers.insert(USER_AGENT, HeaderValue::from_static("siftd-load"));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(key) = api_key {
            let mut value = header(&format!("Bearer {key}")).map_err(|_| LoadError::ApiKey)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let query = uri.query().filter(|query| !query.is_empty()).map(str::to_owned);
        Ok(Self { url: url.to_owned(), authority, prefix, query, headers })
    }

    /// As it was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Connects, to the first of its addresses that answers.
    pub(crate) async fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Looks its name up once, so that connections need not.
    pub(crate) async fn resolve(&mut self) -> Result<(), LoadError> {
        let failed = |error| LoadError::Connect { authority: self.authority.clone(), error };
        let addresses: Vec<SocketAddr> = lookup_host(&self.authority).await.map_err(failed)?.collect();
        let stream = TcpStream::connect(&*addresses).await.map_err(failed)?;
        self.authority = stream.peer_addr().map_err(failed)?.to_string();
        Ok(())
    }

    /// Where pictures are uploaded to, for answers in a format.
    pub(crate) fn upload(&self, format: Option<&str>) -> Result<Uri, LoadError> {
        let mut path = format!("{}/api/v1/features/detect", self.prefix);
        let format = format.map(|format| format!("format={format}"));
        for (index, part) in self.query.iter().chain(&format).enumerate() {
            path.push(if index == 0 { '?' } else { '&' });
            path.push_str(part);
        }
        self.uri(&path)
    }

    /// Where an answer's `Content-Location` points.
    pub(crate) fn located(&self, location: &str) -> Result<Uri, LoadError> {
        self.uri(&format!("{}{location}", self.prefix))
    }

    fn uri(&self, path: &str) -> Result<Uri, LoadError> {
        let path: Result<PathAndQuery, _> = path.parse();
        let wrong =
            |error: &dyn ToString| LoadError::Url { url: self.url.clone(), reason: error.to_string() };
        path.map(Uri::from).map_err(|error| wrong(&error))
    }
}

/// What stands between `//` and the last `@` is nobody's business.
fn without_user(url: &str) -> String {
    let begin = url.find("//").map_or(0, |slashes| slashes + 2);
    match url.rfind('@').filter(|at| *at > begin) {
        Some(at) => format!("{}…{}", &url[..begin], &url[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_as_given_or_80_and_a_user_is_refused() {
        for (url, authority) in [
            ("http://localhost", "localhost:80"),
            ("http://localhost:8000/under?h=5", "localhost:8000"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert_eq!(Target::new(url, None).unwrap().authority, authority);
        }
        for (url, reason) in [
            ("http://localhost:80000", "port"),
            ("http://siftd:hunter2@localhost", "user"),
            ("https://localhost", "http://"),
            ("https://siftd:hunter2@localhost", "http://"),
            ("http://siftd:hunter2@local host", ""),
        ] {
            let error = Target::new(url, None).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("hunter2"), "{error}");
        }
    }
}
