//! `--svg FILE`, for the examples that draw what happened: it writes the picture to that file.

use net_notes::trace::Recorder;
use std::error::Error;

/// Returns the arguments after `--`, without `--svg FILE`.
pub fn arguments() -> Result<Vec<String>, Box<dyn Error>> {
    Ok(split()?.0)
}

/// Returns the FILE of `--svg FILE`.
pub fn file() -> Result<Option<String>, Box<dyn Error>> {
    Ok(split()?.1)
}

/// Writes the picture, if there is a FILE to write it to.
pub fn save(recorder: &Recorder) -> Result<(), Box<dyn Error>> {
    if let Some(file) = file()? {
        std::fs::write(&file, recorder.svg())
            .map_err(|error| format!("the picture does not get into {file}: {error}"))?;
    }
    Ok(())
}

fn split() -> Result<(Vec<String>, Option<String>), Box<dyn Error>> {
    let mut rest: Vec<String> = std::env::args().skip(1).collect();
    let Some(at) = rest.iter().position(|argument| argument == "--svg") else {
        return Ok((rest, None));
    };
    rest.remove(at);
    if at == rest.len() {
        return Err("after --svg goes the name of a file, as in `-- --svg picture.svg`".into());
    }
    let file = rest.remove(at);
    Ok((rest, Some(file)))
}
