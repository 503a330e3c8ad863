//! The scripts of the pages that know of no page: from the lines of programs to what is drawn. Tried under Node, in `model.mjs`.

use std::fs;
use std::path::Path;

use crate::common::{command, files, peer, root};

#[test]
fn what_programs_send_becomes_what_is_drawn() {
    let Some(node) = peer("node") else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("model");
    fs::create_dir_all(&folder).expect("writable");
    let scripts = files("src/coach/pages/assets/", ".js");
    for script in scripts.iter().map(String::as_str).chain(["tests/it/workbench/model.mjs"]) {
        let name = script.rsplit('/').next().expect("a name");
        fs::copy(root().join(script), folder.join(name)).expect(script);
    }
    fs::write(folder.join("package.json"), r#"{"type":"module"}"#).expect("writable");
    let output = command(node).arg(folder.join("model.mjs")).output().expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("ok ").count(), 21, "{said}");
}
