//! What must stay true of the source itself: the component imports nothing but the
//! contract, and the host knows nothing of any particular remote.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use halo_tests::kit::component_of;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file in a folder, at any depth.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What comes before the first of the ends, if the line starts so.
fn word<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    let rest = line.trim_start().strip_prefix(start)?;
    rest.split([';', ' ', '{']).next()
}

/// An interface by its full name: `wasi:io/poll@0.2.12`.
fn full_name(package: &str, interface: &str) -> String {
    match package.split_once('@') {
        Some((name, version)) => format!("{name}/{interface}@{version}"),
        None => format!("{package}/{interface}"),
    }
}

fn package(wit: &str) -> &str {
    wit.lines().find_map(|line| word(line, "package ")).unwrap()
}

/// What `world capabilities` of this text imports.
fn capabilities(world: &str) -> BTreeSet<String> {
    let lines = world
        .lines()
        .skip_while(|line| word(line, "world ") != Some("capabilities"));
    let imports = lines
        .take_while(|line| *line != "}")
        .filter_map(|line| word(line, "import "));
    let full = |name: &str| match name.contains(':') {
        true => name.to_owned(),
        false => full_name(package(world), name),
    };
    imports.map(full).collect()
}

/// The interfaces that this text defines.
fn interfaces(wit: &str) -> BTreeSet<String> {
    let names = wit.lines().filter_map(|line| word(line, "interface "));
    names.map(|name| full_name(package(wit), name)).collect()
}

/// The interfaces of WASI that `wit/deps` holds: those that the world imports, and
/// those that these speak of.
fn wasi() -> BTreeSet<String> {
    let deps = files(&workspace().join("wit/deps"));
    deps.iter()
        .flat_map(|file| interfaces(&fs::read_to_string(file).unwrap()))
        .collect()
}

fn world() -> String {
    fs::read_to_string(workspace().join("wit/world.wit")).unwrap()
}

/// What a component imports beyond what the world and WASI's own files name.
fn foreign(component: &Path, world: &str) -> Vec<String> {
    let imports = halo_host::engine::imports(&fs::read(component).unwrap()).unwrap();
    assert!(
        !imports.is_empty(),
        "{} imports nothing",
        component.display()
    );
    let named = &capabilities(world) | &wasi();
    imports.difference(&named).cloned().collect()
}

async fn component(folder: &'static str) -> PathBuf {
    tokio::task::spawn_blocking(move || component_of(folder))
        .await
        .unwrap()
        .unwrap()
}

#[test]
fn wit_holds_the_interfaces_of_wasi_that_its_world_names() {
    let named = capabilities(&world());
    let named: BTreeSet<String> = named
        .into_iter()
        .filter(|name| name.starts_with("wasi:"))
        .collect();
    assert_eq!(named.len(), 5, "{named:?}");
    assert!(named.is_subset(&wasi()), "{named:?} and {:?}", wasi());
}

#[tokio::test]
async fn the_components_import_nothing_but_what_wit_names() {
    for folder in ["plugin", "tests/tiny-crm"] {
        let component = component(folder).await;
        assert_eq!(foreign(&component, &world()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_import_that_wit_does_not_name_would_be_found() {
    let component = component("plugin").await;
    let less = world()
        .replace("    import secrets;\n", "")
        .replace("  import secrets;\n", "");
    assert_eq!(
        foreign(&component, &less),
        ["halo:integration/secrets@0.1.0"]
    );
}

/// Files with this word in their name or text, whatever its case.
fn naming(word: &str, folder: &Path) -> Vec<PathBuf> {
    let names = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        format!("{name}\n{text}").to_lowercase().contains(word)
    };
    files(folder).into_iter().filter(names).collect()
}

#[test]
fn the_host_knows_nothing_of_any_remote() {
    let source = workspace().join("host/src");
    assert!(
        files(&source).len() > 50,
        "the source of the host is elsewhere"
    );
    for remote in ["hubspot", "fernwhistle"] {
        assert_eq!(naming(remote, &source), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_host_that_knew_of_hubspot_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("innocent.rs"), "// nothing").unwrap();
    fs::write(deep.join("guilty.rs"), "// as HubSpot does").unwrap();
    fs::write(deep.join("hubspot.rs"), "").unwrap();
    let mut found = naming("hubspot", folder.path());
    found.sort();
    assert_eq!(found, [deep.join("guilty.rs"), deep.join("hubspot.rs")]);
}

/// A row of the guide (`s13`), or of the list of its ambiguities (`a23`).
fn is_row(name: &str) -> bool {
    let number = name.strip_prefix(['s', 'a']).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rows of the guide that a table of the README claims: `| S13, A23 | … |`.
fn claimed(readme: &str) -> BTreeSet<String> {
    let cells = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next());
    cells
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim().to_lowercase())
        .filter(|name| is_row(name))
        .collect()
}

/// The rows that tests carry in their names: `fn s15_s18_values_arrive`.
fn tested(source: &str) -> BTreeSet<String> {
    let names = source.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("async fn ").or(line.strip_prefix("fn "))
    });
    names
        .flat_map(|name| {
            let rows = name.split('_').take_while(|part| is_row(part));
            rows.map(str::to_owned)
        })
        .collect()
}

#[test]
fn each_row_of_the_guide_that_the_readme_claims_has_an_end_to_end_test() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let tested: BTreeSet<String> = files(&workspace().join("tests/e2e"))
        .iter()
        .flat_map(|file| tested(&fs::read_to_string(file).unwrap()))
        .collect();
    let claimed = claimed(&readme);
    assert!(claimed.len() >= 18, "{claimed:?}");
    let missing: Vec<&String> = claimed.difference(&tested).collect();
    assert!(missing.is_empty(), "claimed without a test: {missing:?}");
}

#[test]
fn a_claim_without_a_test_would_be_found() {
    let claimed = claimed("| S13, S14 | matching |\n| other | S9 |\n| S2, A1 | sign-in |\n");
    assert_eq!(
        claimed.into_iter().collect::<Vec<_>>(),
        ["a1", "s13", "s14", "s2"]
    );
    let tested =
        tested("async fn s15_s18_values_of_every_type() {\nfn sums_add_up() {\n  fn s8_a1_x() {\n");
    assert_eq!(
        tested.into_iter().collect::<Vec<_>>(),
        ["a1", "s15", "s18", "s8"]
    );
}
