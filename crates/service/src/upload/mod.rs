//! The body of a request, taken in under limits of size, time and memory.

mod budget;
mod drain;
mod image;
mod reader;

pub(crate) use budget::{BodyBudget, Share};
pub(crate) use drain::refuse;
pub(crate) use image::{Buffer, FIELD, boundary, receive};
pub(crate) use reader::BodyReader;
