//! Pages for a browser: one self-contained file each.

mod parts;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use parts::{Picture, Section, Shown, part};

const STYLE: &str = include_str!("report.css");

/// A whole page: style inside, nothing loaded from anywhere.
pub fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
                link rel="icon" href="data:,";
            }
            body { (body) }
        }
    };
    page.into_string()
}
