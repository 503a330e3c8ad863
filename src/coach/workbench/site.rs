//! The pages and their files.

use std::fs;
use std::path::Path;

use super::reply::HTML;

/// A file as the browser gets it: its type, and its bytes.
pub(super) type Found = (&'static str, Vec<u8>);

/// What is at this path. Names are looked for in lists, and never made a part of a path.
pub(super) fn find(root: &Path, path: &str) -> Option<Found> {
    let mut parts = path.strip_prefix('/')?.split('/');
    match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
        (language @ ("en" | "zh"), "pictures", Some(name), None) => {
            let _ = language; // both have the same
            picture(root, name)
        }
        (language @ ("en" | "zh"), name, None, None) => page(root, language, name),
        _ => None,
    }
}

fn page(root: &Path, language: &str, name: &str) -> Option<Found> {
    let name = name.strip_suffix(".html")?;
    let folder = if language == "zh" { "lessons/zh" } else { "lessons" };
    let known = matches!(name, "index" | "wire") || name.strip_prefix("exercise_").is_some();
    let text = match known {
        true => name.to_string(),
        false => file_in(&root.join(folder), &format!("{name}.md"))?,
    };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let page = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><title>{name}</title><pre>{text}</pre></html>\n"
    );
    Some((HTML, page.into_bytes()))
}

fn picture(root: &Path, name: &str) -> Option<Found> {
    let kind = match name.rsplit_once('.')?.1 {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => return None,
    };
    let folder = root.join("lessons/pictures");
    let mut entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let entry = entries.find(|entry| entry.file_name().to_str() == Some(name))?;
    Some((kind, fs::read(entry.path()).ok()?))
}

/// The text of the file with this name in this folder.
pub(super) fn file_in(folder: &Path, name: &str) -> Option<String> {
    let mut entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let entry = entries.find(|entry| entry.file_name().to_str() == Some(name))?;
    fs::read_to_string(entry.path()).ok()
}
