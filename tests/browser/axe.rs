//! axe-core, which finds what keeps people out who do not see, hear or point well.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use halo_tests::kit::chromium::Window;
use halo_tests::kit::install::from_npm;
use serde_json::{Value, json};

/// WCAG up to 2.2, levels A and AA, and what is held to be good beyond.
const TAGS: [&str; 7] = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22a",
    "wcag22aa",
    "best-practice",
];

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        let place: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients");
        let installed = from_npm(
            "axe-core, which looks for barriers,",
            &lock,
            (&place, "axe"),
        );
        let (folder, _) = installed.unwrap_or_else(|sentence| panic!("{sentence}"));
        std::fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap()
    })
}

/// Brings it into the page that is shown.
pub async fn bring(window: &Window) {
    window.script(source()).await.unwrap();
}

/// What it finds on the page as it is shown now, one line for each place.
pub async fn barriers(window: &Window) -> Vec<String> {
    let script = "const [tags, done] = arguments;
        axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })
            .then(found => done({ found }), error => done({ error: String(error) }));";
    let answer = window.client().execute_async(script, vec![json!(TAGS)]);
    let answer = answer.await.unwrap();
    assert!(answer["error"].is_null(), "{answer}");
    let passes = answer["found"]["passes"].as_array().unwrap().len();
    assert!(passes > 5, "it has looked at nothing: {answer}");
    let violations = answer["found"]["violations"].as_array().unwrap();
    violations.iter().flat_map(lines).collect()
}

fn lines(violation: &Value) -> Vec<String> {
    let text = |name: &str| violation[name].as_str().unwrap_or_default();
    let (rule, impact, help) = (text("id"), text("impact"), text("help"));
    let nodes = violation["nodes"].as_array().unwrap();
    let line = |node: &Value| {
        let why = node["failureSummary"].as_str().unwrap_or_default();
        let why = why.replace('\n', " ");
        format!("{rule} ({impact}) at {}: {help}. {why}", node["target"])
    };
    nodes.iter().map(line).collect()
}

/// Fails with all that is found on the page that is shown.
pub async fn accessible(window: &Window) {
    bring(window).await;
    let found = barriers(window).await;
    assert!(found.is_empty(), "{found:#?}");
}
