//! Which pictures of a profile an instance gets, and in what shares.

use std::path::Path;
use std::sync::Arc;

use crate::Error;
use crate::profile::{PictureProfile, Profile};
use crate::simulation::{Known, Span};
use crate::workload::{KnownLoad, Workload};

/// Pictures with shares that add up to 1.
pub(super) type Mix<'a> = Vec<(&'a PictureProfile, f64)>;

/// The workload's, or all of the profile alike where it names none.
pub(super) fn of<'a>(profile: &'a Profile, workload: &Workload) -> Result<Mix<'a>, Error> {
    let asked = workload.mix.iter();
    let mut mix: Mix<'a> =
        asked.map(|(name, share)| Ok((named(profile, name)?, *share))).collect::<Result<_, Error>>()?;
    if mix.is_empty() {
        mix.extend(profile.pictures.iter().map(|picture| (picture, 1.0)));
    }
    let all: f64 = mix.iter().map(|(_, share)| share).sum();
    mix.iter_mut().for_each(|(_, share)| *share /= all);
    Ok(mix)
}

/// The pictures of a name, or the one whose file has it.
fn named<'a>(profile: &'a Profile, name: &str) -> Result<&'a PictureProfile, Error> {
    if let Some(picture) = profile.pictures.iter().find(|picture| picture.name == name) {
        return Ok(picture);
    }
    let is_file = |path: &String| Path::new(path).file_name().is_some_and(|file| file == name);
    let pictures = profile.pictures.iter();
    let of_file: Vec<_> =
        pictures.filter(|picture| matches!(&picture.files[..], [path] if is_file(path))).collect();
    match of_file[..] {
        [only] => Ok(only),
        [] => Err(Error::UnknownPictures { name: name.to_owned(), known: names(&profile.pictures) }),
        _ => Err(Error::FileOfSeveral { name: name.to_owned(), pictures: names(of_file) }),
    }
}

fn names<'a>(pictures: impl IntoIterator<Item = &'a PictureProfile>) -> String {
    let names: Vec<String> = pictures.into_iter().map(|picture| format!("{:?}", picture.name)).collect();
    names.join(", ")
}

/// The requests of a load with the places of their pictures in the mix.
pub(super) fn places(load: &KnownLoad, mix: &Mix<'_>) -> Result<(Arc<[Known]>, Span), Error> {
    let class = |path: &String| {
        let place = mix.iter().position(|(picture, _)| picture.files.contains(path));
        place.ok_or_else(|| Error::UnknownFile { path: path.clone() })
    };
    let classes: Vec<usize> = load.pictures.iter().map(class).collect::<Result<_, _>>()?;
    let requests = load.requests.iter().map(|request| {
        let picture = if request.hit { None } else { classes.get(request.picture).copied() };
        Known { at: request.at, picture }
    });
    Ok((requests.collect(), Span::Seconds { warm_up: load.warm_up, measured: load.seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::profile;
    use crate::workload::Hits;

    fn mixed(profile: &Profile, name: &str) -> Result<usize, String> {
        let mix = vec![(name.to_owned(), 1.0)];
        let workload = Workload { mix, ..Workload::new(10.0, Hits::Ratio(0.5)) };
        of(profile, &workload).map(|mix| mix.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn pictures_are_named_as_the_profile_does_or_by_their_file() {
        let profile = profile();
        assert_eq!(mixed(&profile, "half a megapixel"), Ok(1));
        assert_eq!(mixed(&profile, "half.jpg"), Ok(1));
        let unknown = mixed(&profile, "huge").unwrap_err();
        assert!(unknown.contains("named \"huge\"; it has \"half a megapixel\""), "{unknown}");
    }

    #[test]
    fn a_name_that_two_files_have_is_none() {
        let mut profile = profile();
        let mut other = profile.pictures[0].clone();
        other.name = "another".to_owned();
        other.files = vec!["elsewhere/half.jpg".to_owned()];
        profile.pictures.push(other);
        let several = mixed(&profile, "half.jpg").unwrap_err();
        assert!(
            several.contains("say which, by their names in it: \"half a megapixel\", \"another\""),
            "{several}"
        );
        assert_eq!(mixed(&profile, "another"), Ok(1));
    }
}
