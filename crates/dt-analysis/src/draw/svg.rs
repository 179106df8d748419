//! From shapes to SVG.

use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;

use super::error::DrawError;
use super::paint::{paint, size};
use super::scene::Scene;
use super::text::readable;

/// The picture as SVG. `title` and `description` are for readers who do not see it.
pub(super) fn to_svg(scene: &Scene, title: &str, description: &str) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size(scene)).into_drawing_area();
        paint(scene, &area)?;
        area.present().map_err(|e| DrawError::new(&e))?;
    }
    let body = svg.split_once('\n').map_or("", |(_, body)| body);
    let (width, height) = size(scene);
    // plotters' first line, with sizes in CSS pixels and words for screen readers.
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\">\n\
         <title>{}</title>\n<desc>{}</desc>\n{}",
        scene.width,
        scene.height,
        escape(title),
        escape(description),
        on_one_line(body)
    ))
}

/// plotters puts line ends around the words of a text, which some readers show as spaces, and
/// writes defaults, a third of a heat map's size.
fn on_one_line(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut in_text = false;
    for line in body.lines() {
        in_text = (in_text || line.starts_with("<text")) && line != "</text>";
        if line.starts_with('<') {
            let line = line.replace(" opacity=\"1\"", "");
            out.push_str(&line.replace(" stroke=\"none\"", ""));
        } else {
            out.push_str(line);
        }
        if !in_text {
            out.push('\n');
        }
    }
    out
}

fn escape(text: &str) -> String {
    readable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
