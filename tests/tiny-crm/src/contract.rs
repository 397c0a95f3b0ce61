//! The contract as Rust: what `wit/` says, generated. The world names what this
//! connector exports; a host does without the rest (`push`, `webhook`, …).

// Generated code is not ours to document or to lint.
#![allow(missing_docs, unsafe_code, clippy::all, unused_imports, dead_code)]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package fernwhistle:crm;

        world crm {
            include halo:integration/capabilities@0.1.0;
            export halo:integration/connector@0.1.0;
            export halo:integration/connect@0.1.0;
            export halo:integration/catalog@0.1.0;
            export halo:integration/importer@0.1.0;
        }
    ",
    world: "fernwhistle:crm/crm",
    generate_all,
    additional_derives: [PartialEq],
    additional_derives_ignore: ["stream-error"],
    pub_export_macro: true,
    export_macro_name: "export",
});
