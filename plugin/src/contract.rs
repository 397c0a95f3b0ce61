//! The contract as Rust: what `wit/` says, generated.

// Generated code is not ours to document or to lint.
#![allow(missing_docs, unsafe_code, clippy::all, unused_imports, dead_code)]

wit_bindgen::generate!({
    path: "../wit",
    inline: "
        package halo:hubspot;

        world hubspot {
            include halo:integration/capabilities@0.1.0;
            export halo:integration/connector@0.1.0;
            export halo:integration/connect@0.1.0;
            export halo:integration/catalog@0.1.0;
            export halo:integration/importer@0.1.0;
            export halo:integration/push@0.1.0;
            export halo:integration/webhook@0.1.0;
            export halo:integration/actions@0.1.0;
        }
    ",
    world: "halo:hubspot/hubspot",
    generate_all,
    additional_derives: [PartialEq],
    additional_derives_ignore: ["stream-error"],
    pub_export_macro: true,
    export_macro_name: "export",
});
