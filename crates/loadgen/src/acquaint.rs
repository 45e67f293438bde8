//! Makes the pictures known to the service before anything is measured, so that they are hits.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Mix, Via};
use crate::connection::{Connection, Letter};
use crate::error::LoadError;
use crate::mix::Subject;
use crate::outcome::Outcome;
use crate::request::Requests;
use crate::target::Target;

/// How long one picture may be refused.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two attempts, if the service does not say.
const PAUSE: Duration = Duration::from_secs(1);
/// Of an answer that is told.
const LONGEST_ANSWER: usize = 300;

/// Uploads each picture once, one after another, and notes where it can be got.
pub(crate) async fn acquaint(
    target: &Target,
    config: &Config,
    requests: &mut Requests,
    stop: &CancellationToken,
) -> Result<(), LoadError> {
    if matches!(config.mix, Mix::Popularity { .. } | Mix::HitRatio(0.0)) {
        return Ok(());
    }
    let started = Instant::now();
    let mut connection = Connection::default();
    for picture in 0..requests.pictures().get() {
        let letter = tokio::select! {
            letter = upload(&mut connection, target, config, requests, picture) => letter?,
            () = stop.cancelled() => return Err(LoadError::Interrupted(started.elapsed())),
        };
        if config.via == Via::Get {
            let location = letter.location.ok_or_else(|| LoadError::WarmUp {
                picture: requests.name(picture).to_owned(),
                answer: "without a Content-Location, where GET would find it".to_owned(),
            })?;
            requests.locate(picture, target.located(&location)?);
        }
    }
    Ok(())
}

async fn upload(
    connection: &mut Connection,
    target: &Target,
    config: &Config,
    requests: &Requests,
    picture: usize,
) -> Result<Letter, LoadError> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let request = requests.about(Subject::Known(picture));
        let letter = connection.letter(target, request, config.timeout).await;
        match letter.outcome {
            Outcome::Answered(_) => return Ok(letter),
            Outcome::Refused { after } if Instant::now() < give_up => {
                let left = give_up.saturating_duration_since(Instant::now());
                sleep(after.unwrap_or(PAUSE).min(left)).await;
            }
            _ => {
                let (picture, answer) = (requests.name(picture).to_owned(), told(&letter));
                return Err(LoadError::WarmUp { picture, answer });
            }
        }
    }
}

fn told(letter: &Letter) -> String {
    let Some(status) = letter.status else {
        return match letter.outcome {
            Outcome::Failed(failure) => format!("nothing ({failure})"),
            _ => "nothing".to_owned(),
        };
    };
    let text: String = letter.text.chars().take(LONGEST_ANSWER).collect();
    format!("{status} {text}").trim_end().to_owned()
}
