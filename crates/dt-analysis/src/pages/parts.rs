//! Parts of a page: sections of figures, pictures inside the file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};

/// A figure as the page shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Name of its files, and its anchor.
    pub name: String,
    /// Title.
    pub title: String,
    /// What it shows.
    pub caption: String,
    /// The picture.
    pub picture: Picture,
}

/// A picture inside the page.
#[derive(Clone, Debug)]
pub enum Picture {
    /// SVG text.
    Svg(String),
    /// Bytes of a GIF.
    Gif(Vec<u8>),
}

/// A part of the page with a heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Sentences under it.
    pub text: String,
    /// Its figures.
    pub figures: Vec<Shown>,
}

/// A section of a page, with the anchor `part-n`.
pub fn part(n: usize, section: &Section) -> Markup {
    html! {
        section id={ "part-" (n) } {
            h2 { (section.heading) }
            @if !section.text.is_empty() { p { (section.text) } }
            @for figure in &section.figures { (shown(figure)) }
        }
    }
}

fn shown(figure: &Shown) -> Markup {
    html! {
        figure id=(figure.name) {
            div.picture {
                @match &figure.picture {
                    Picture::Svg(svg) => (PreEscaped(svg)),
                    Picture::Gif(bytes) => {
                        img alt=(figure.caption)
                            src={ "data:image/gif;base64," (STANDARD.encode(bytes)) };
                    }
                }
            }
            figcaption { b { (figure.title) ". " } (figure.caption) }
        }
    }
}
