//! The files of the repository and their contents, whatever a student has saved beside them or
//! written into the exercises.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{command, root};

/// Returns the paths that git knows in the repository, in order, with `/` between folders; `None`
/// if git cannot tell: in an archive without `.git`, or inside another repository.
///
/// A file counts once it is added (`git add`): before that, git cannot tell a new lesson from a
/// student's own file.
pub fn known_to_git() -> Option<&'static [String]> {
    static KNOWN: OnceLock<Option<Vec<String>>> = OnceLock::new();
    KNOWN.get_or_init(|| list(&root())).as_deref()
}

fn list(root: &Path) -> Option<Vec<String>> {
    // `-z`: unquoted names, whatever they contain.
    let listed = command("git").current_dir(root).args(["ls-files", "-z"]).output();
    let listed = listed.ok().filter(|output| output.status.success())?;
    let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
    let mut files: BTreeSet<String> = listed.split_terminator('\0').map(String::from).collect();
    // A student's own file belongs to its stub, also if it was removed.
    let stubs = files.iter().filter_map(|file| Some(file.strip_suffix("/stub.rs")?.to_string()));
    let own: Vec<String> = stubs.map(|folder| folder + ".rs").collect();
    files.extend(own);
    files.contains("Cargo.toml").then(|| files.into_iter().collect())
}

/// Returns the repository's files whose path begins with `start` and ends with `end`, in order. If
/// git cannot tell, returns all such files.
pub fn files(start: &str, end: &str) -> Vec<String> {
    let files = match known_to_git() {
        Some(known) => known.to_vec(),
        None => walk(&root(), start),
    };
    let belongs = |file: &String| file.starts_with(start) && file.ends_with(end);
    files.into_iter().filter(belongs).collect()
}

/// Returns all files in the folder of `start`, and in the folders in it.
pub fn walk(root: &Path, start: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![start.rsplit_once('/').map_or("", |(folder, _)| folder).to_string()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("a folder of the repository") {
            let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match root.join(&path).is_dir() {
                true if ["target", ".git"].contains(&&*path) => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

/// Returns the contents of a file of the repository as it is committed; for a file that the student
/// edits, those of its stub. `None`: the file does not exist.
pub fn committed(file: &str) -> Option<Vec<u8>> {
    fs::read(root().join(beginning(file))).ok()
}

/// Returns the stub of a file that the student edits, and any other file itself.
fn beginning(file: &str) -> PathBuf {
    let edited = file.strip_prefix("tests/exercises/").and_then(|name| name.strip_suffix(".rs"));
    match edited.filter(|name| !name.contains('/')) {
        Some(name) => format!("tests/exercises/{name}/stub.rs").into(),
        None => file.into(),
    }
}

/// Copies the repository's files in `folder` ("" for all), as they are committed, to the same
/// places under `to`.
pub fn copy_files(folder: &str, to: &Path) {
    for file in files(folder, "") {
        if let Some(content) = committed(&file) {
            let path = to.join(&file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, content).expect("writable");
        }
    }
}
