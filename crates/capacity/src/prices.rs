//! What servers cost: catalogues of prices.

use serde::Deserialize;

use crate::Error;

/// Seconds of a month: a twelfth of a year of 365 days.
pub const SECONDS_PER_MONTH: f64 = 365.0 / 12.0 * 86_400.0;

/// Prices of one provider. TOML; unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Who, where, on which terms.
    pub name: String,
    /// As of when.
    pub date: String,
    /// Where the prices were read.
    pub source: String,
    /// Their currency.
    pub currency: String,
    /// Servers that an instance can have for itself. At least one.
    #[serde(rename = "server")]
    pub servers: Vec<Server>,
    /// A node of a shared cache.
    pub cache_node: CacheNode,
    /// What stands before several servers.
    pub balancer: Balancer,
    /// What goes out to clients.
    pub egress: Egress,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Processors.
    pub cores: u32,
    /// Memory, GiB.
    pub memory_gib: f64,
    /// Price a month.
    pub monthly: f64,
    /// How fast a processor is beside one of the profile's; 1 if not known.
    #[serde(default = "as_measured")]
    pub speed: f64,
    /// How many can be had; any number if not told.
    pub most: Option<u32>,
}

fn as_measured() -> f64 {
    1.0
}

/// A node of a shared cache.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheNode {
    /// Its name.
    pub name: String,
    /// Memory, GiB.
    pub memory_gib: f64,
    /// Price a month.
    pub monthly: f64,
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balancer {
    /// Price a month.
    pub monthly: f64,
}

/// Traffic to clients.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// GB a month that cost nothing, for each server.
    pub included_gb: f64,
    /// GB a month that cost nothing, however many servers there are; 0 if not told.
    #[serde(default)]
    pub included_once_gb: f64,
    /// Price of a GB beyond.
    pub per_gb: f64,
}

impl Catalogue {
    /// Reads a catalogue; `name` is what errors call it.
    ///
    /// ```
    /// use capacity::prices::Catalogue;
    ///
    /// let error = Catalogue::from_toml("my prices", "currency = \"EUR\"").unwrap_err();
    /// assert!(error.to_string().contains("missing field"));
    /// ```
    ///
    /// # Errors
    /// [`Error::Prices`], for what is missing, unknown or impossible.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, Error> {
        let fail = |reason: String| Error::Prices { name: name.to_owned(), reason };
        let catalogue: Self =
            toml::from_str(text).map_err(|error| fail(error.to_string().trim_end().to_owned()))?;
        if catalogue.servers.is_empty() {
            return Err(fail("there is no [[server]]: at least one is needed".to_owned()));
        }
        let Self { cache_node, balancer, egress, .. } = &catalogue;
        let mut prices = vec![
            ("cache_node.monthly", cache_node.monthly),
            ("balancer.monthly", balancer.monthly),
            ("egress.included_gb", egress.included_gb),
            ("egress.included_once_gb", egress.included_once_gb),
            ("egress.per_gb", egress.per_gb),
        ];
        let mut sizes = vec![("cache_node.memory_gib", cache_node.memory_gib)];
        for server in &catalogue.servers {
            prices.push(("server.monthly", server.monthly));
            sizes.extend([
                ("server.cores", f64::from(server.cores)),
                ("server.memory_gib", server.memory_gib),
                ("server.speed", server.speed),
            ]);
        }
        if let Some((field, value)) = prices.iter().find(|(_, price)| !(price.is_finite() && *price >= 0.0)) {
            return Err(fail(format!("{field} is {value}, but must not be negative")));
        }
        if let Some((field, value)) = sizes.iter().find(|(_, size)| !(size.is_finite() && *size > 0.0)) {
            return Err(fail(format!("{field} is {value}, but must be above 0")));
        }
        Ok(catalogue)
    }

    /// The examples that come with siftd: AWS and a VPS provider.
    ///
    /// # Errors
    /// Never: that they can be read is tested.
    pub fn examples() -> Result<Vec<Self>, Error> {
        let aws = Self::from_toml("aws", include_str!("../prices/aws.toml"))?;
        Ok(vec![aws, Self::from_toml("vps", include_str!("../prices/vps.toml"))?])
    }
}

/// A deployment to be paid for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bill {
    /// Servers of instances.
    pub servers: u32,
    /// Nodes of a shared cache.
    pub cache_nodes: u32,
    /// Requests a second, mean over the month.
    pub rate: f64,
    /// Bytes of an answer, mean.
    pub answer_bytes: f64,
}

impl Bill {
    /// What a month costs, in the catalogue's currency.
    pub fn monthly(&self, catalogue: &Catalogue, server: &Server) -> f64 {
        let &Self { servers, cache_nodes, rate, answer_bytes } = self;
        let sent_gb = rate * answer_bytes * SECONDS_PER_MONTH / 1e9;
        let Egress { included_gb, included_once_gb, per_gb } = catalogue.egress;
        let included = included_once_gb + included_gb * f64::from(servers);
        let balancer = if servers > 1 { catalogue.balancer.monthly } else { 0.0 };
        f64::from(servers) * server.monthly
            + f64::from(cache_nodes) * catalogue.cache_node.monthly
            + balancer
            + (sent_gb - included).max(0.0) * per_gb
    }

    /// What a million requests cost at that rate.
    pub fn per_million(&self, catalogue: &Catalogue, server: &Server) -> f64 {
        self.monthly(catalogue, server) / (self.rate * SECONDS_PER_MONTH) * 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_can_be_read_and_are_dated() {
        let examples = Catalogue::examples().unwrap();
        assert!(examples.len() == 2 && examples.iter().all(|catalogue| catalogue.date.starts_with("20")));
    }

    #[test]
    fn impossible_prices_are_named() {
        let text = include_str!("../prices/vps.toml");
        for (from, to, named) in [
            ("monthly = 5.39", "monthly = -5.39", "balancer.monthly"),
            ("cores = 2", "cores = 0", "server.cores"),
            ("currency", "colour", "colour"),
            ("per_gb = 0.001", "", "per_gb"),
        ] {
            let error = Catalogue::from_toml("vps", &text.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn a_month_at_500_a_second_has_1314_million_requests() {
        let catalogue = &Catalogue::examples().unwrap()[1];
        let bill = Bill { servers: 2, cache_nodes: 3, rate: 500.0, answer_bytes: 1e4 };
        let server = &catalogue.servers[0];
        // 13.14 TB are included with two servers.
        assert!((bill.monthly(catalogue, server) - (5.0 * 12.49 + 5.39)).abs() < 1e-9);
        let requests = 500.0 * SECONDS_PER_MONTH / 1e6;
        assert!((requests - 1314.0).abs() < 1e-9);
        assert!((bill.per_million(catalogue, server) - (5.0 * 12.49 + 5.39) / requests).abs() < 1e-9);
        let chatty = Bill { answer_bytes: 1e5, ..bill };
        assert!((chatty.monthly(catalogue, server) - bill.monthly(catalogue, server) - 91.4).abs() < 1e-6);
    }
}
