/// Why there is no plan. Each says what would be possible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A profile that is no JSON, or lacks a field, or has one that is not known.
    #[error("the profile cannot be read: {0}")]
    ProfileSyntax(String),
    /// A profile of another version of the format.
    #[error(
        "the profile has version {found} of the format, but this siftd reads version {supported}: measure again with siftd profile"
    )]
    ProfileVersion {
        /// Version of the profile.
        found: u64,
        /// Version that is read.
        supported: u64,
    },
    /// A figure of a profile that cannot have been measured.
    #[error("the profile's {field} is {value}, but must be {allowed}")]
    ProfileValue {
        /// Where it stands, as a path of names.
        field: String,
        /// What stands there.
        value: f64,
        /// What may stand there.
        allowed: &'static str,
    },
    /// A part of a profile without which there is no plan.
    #[error("the profile has no {missing}: measure again with siftd profile")]
    ProfileLacks {
        /// What is missing.
        missing: &'static str,
    },
    /// Quantiles that do not ascend from 0 to 1.
    #[error(
        "the profile's {field} must be quantiles that ascend, in share and in value, from share 0 to share 1"
    )]
    ProfileQuantiles {
        /// Where they stand.
        field: String,
    },
    /// No curve can be fitted.
    #[error("a curve of contention needs the throughput of one thread at least, and rates above 0")]
    TooFewPoints,
    /// A figure of the workload that cannot be.
    #[error("the {what} is {value}, but must be {allowed}")]
    Workload {
        /// Which.
        what: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// A budget that does not let every picture in.
    #[error("{setting} is {value}, but must be at least {needed}, for the largest of the pictures")]
    BudgetTooSmall {
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What the largest picture takes of it.
        needed: f64,
    },
    /// A class of pictures that was not measured.
    #[error("the profile has no pictures named {name:?}; it has {known}")]
    UnknownPictures {
        /// The name.
        name: String,
        /// Those that it has.
        known: String,
    },
    /// A file's name that several pictures have.
    #[error(
        "several pictures of the profile are files named {name:?}: say which, by their names in it: {pictures}"
    )]
    FileOfSeveral {
        /// The name.
        name: String,
        /// Those that have it.
        pictures: String,
    },
    /// A picture of a load that was not measured.
    #[error(
        "the profile does not have {path}, which the load sends: profile the same folder by the same path"
    )]
    UnknownFile {
        /// Where it is.
        path: String,
    },
    /// No rate keeps the objective.
    #[error(
        "99 % of answers within {} ms is impossible: an idle instance with {cores} processors needs {} ms at a hit ratio of {hit_ratio:.2}; allow at least that, or profile smaller pictures or a faster machine",
        chart::number(.p99 * 1e3), chart::number(.least * 1e3)
    )]
    ObjectiveOutOfReach {
        /// The p99 that was asked for, s.
        p99: f64,
        /// The least that there is, s.
        least: f64,
        /// Processors of an instance.
        cores: u32,
        /// The hit ratio.
        hit_ratio: f64,
    },
    /// No rate is so low that no more is refused, or done too late, than the objective allows.
    #[error(
        "no more than {} % refused or late is impossible: an idle instance refuses {} %, with {queue} places in its queue, and is late with {} %, with a deadline of {} s; allow more, or raise queue_capacity or deadline",
        chart::number(.allowed * 1e2), chart::number(.refused * 1e2), chart::number(.late * 1e2),
        chart::number(*.deadline)
    )]
    LossOutOfReach {
        /// The share that may be refused or late.
        allowed: f64,
        /// The share that is refused.
        refused: f64,
        /// The share of what is let in that is not done in time.
        late: f64,
        /// Images that may wait.
        queue: usize,
        /// Time that a request may take, s.
        deadline: f64,
    },
    /// A catalogue of prices that cannot be read.
    #[error("the prices {name} cannot be read: {reason}")]
    Prices {
        /// Name of the catalogue.
        name: String,
        /// What is wrong, and what is allowed.
        reason: String,
    },
}
