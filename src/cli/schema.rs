//! `mula schema`: the API, for code generators and for `schema.graphql`.

use std::io::{self, Write};

use super::Error;
use crate::graphql;

pub fn run() -> Result<(), Error> {
    io::stdout().lock().write_all(graphql::sdl().as_bytes())?;
    Ok(())
}
