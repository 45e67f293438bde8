use tokio_postgres::Config;

use crate::{SharedConfig, StoreError};

/// Which PostgreSQL keeps the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresConfig {
    /// Where it is and who it is asked as, read from a URL. Its password is not shown.
    pub(super) server: Config,
    /// Certificates in PEM that the server's may be signed by. None stands for those that the system trusts.
    pub authorities: Option<Vec<u8>>,
    /// Name of the schema with the tables, which is made if there is none. None stands for the first that the user has.
    pub schema: Option<String>,
    /// What holds for every shared store.
    pub shared: SharedConfig,
}

impl PostgresConfig {
    /// From a URL as libpq has them: `postgres://user:password@host:port/database?sslmode=require`.
    ///
    /// With `sslmode=require` connections are encrypted and the server's certificate is checked; otherwise they are plain.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if it is none, or names no host.
    ///
    /// ```
    /// assert!(cache::PostgresConfig::new("postgres://siftd:secret@db.example.org/cache").is_ok());
    /// assert!(cache::PostgresConfig::new("postgres://host:port").is_err());
    /// ```
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let unusable =
            |reason: String| StoreError::Unusable { at: "the URL of PostgreSQL".to_owned(), reason };
        let server: Config =
            url.parse().map_err(|error: tokio_postgres::Error| unusable(error.to_string()))?;
        if server.get_hosts().is_empty() {
            return Err(unusable("it names no host".to_owned()));
        }
        Ok(Self { server, authorities: None, schema: None, shared: SharedConfig::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let config = PostgresConfig::new("postgres://siftd:hunter2@localhost/db").unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let error = PostgresConfig::new("postgres://siftd:hunter2@localhost:x/db").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
