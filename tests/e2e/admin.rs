//! The admin page by requests alone: who gets in, and what nobody gets it to do. What
//! needs a browser to be seen is in `browser/`.

mod forms;
mod history;
mod likely;
mod paths;
mod reach;
mod runs;
mod sessions;
mod settings;

use halo_tests::kit::{Serving, Visitor, Workshop};

use crate::shop::unconnected;

const NAME: &str = "Ada Ost";
const PASSWORD: &str = "correct horse battery staple";

/// A host that serves, with this line added to its `[server]` section, and whether it has
/// an administrator.
async fn served(line: &str, has_administrator: bool) -> (Workshop, Serving, Visitor) {
    let shop = unconnected(0).await;
    let path = shop.folder().join("halo.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replacen("[server]\n", &format!("[server]\n{line}\n"), 1);
    shop.write("halo.toml", &text).unwrap();
    if has_administrator {
        shop.administrator(NAME, PASSWORD).await.unwrap();
    }
    let serving = shop.serve().await.unwrap();
    let visitor = Visitor::of(&shop.address().unwrap());
    (shop, serving, visitor)
}

/// One that an administrator has signed in at.
async fn signed_in() -> (Workshop, Serving, Visitor) {
    let (shop, serving, mut visitor) = served("", true).await;
    let answer = visitor.sign_in(NAME, PASSWORD).await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (303, "/admin"));
    (shop, serving, visitor)
}
