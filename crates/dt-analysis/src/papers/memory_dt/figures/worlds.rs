//! Figures that show observations of the post's world.

use dt_env::{Action, Configuration};

use super::moments::{
    CORRIDOR, Cell, END_TARGETS, Edit, INSTRUCTION, Moment, Sight, TARGETS, WORLD, after,
};
use crate::draw::palette::{BLUE, ORANGE};
use crate::draw::{Figure, Panel, Share, Spot, View};

/// A row of views: their rows are numbered once.
fn row(name: &str, title: &str, panels: Vec<Panel>) -> Figure {
    let mut figure = Figure::new(name, title);
    figure.columns = panels.len();
    figure.share_y = Share::InLine;
    figure.panels = panels;
    figure
}

/// How every view is drawn.
const VIEW: &str = "Views are egocentric: the agent (triangle) stands at (3,6) and looks up; \
                    columns count from the left, rows from the far end; walls are grey, cells out \
                    of sight hatched.";

/// The cell of the instruction.
fn instruction(cell: Cell) -> Spot {
    Spot::framed(cell, BLUE)
}

/// The cell of a target.
fn target(cell: Cell) -> Spot {
    Spot::framed(cell, ORANGE)
}

/// Fig. 1, top: what the agent sees at the start in each of the four variants.
pub fn start() -> Figure {
    let panels = Configuration::ALL.map(|configuration| {
        let view = View::new(configuration.to_string(), after(configuration, &[]));
        Panel::of_view(configuration.to_string(), view)
    });
    let mut figure = row(
        "fig-01-start",
        "The four variants at the start",
        panels.to_vec(),
    );
    figure.caption = format!(
        "Start observation of the four variants of {WORLD}, named by the instruction, then the \
         left and the right target. The instruction is beside the agent at (2,6), the targets are \
         at the corridor's end at (1,2) and (5,2). {VIEW}"
    );
    figure.n.insert("variants".to_owned(), 4);
    figure
}

/// Fig. 3: where instruction and targets are seen from three places.
pub fn views() -> Figure {
    let configuration = Configuration::ALL[0];
    let tagged = |spot: Spot, what: &str, middle| {
        let (x, y) = spot.cell;
        spot.tagged(format!("{what}\n({x},{y})"), middle)
    };
    let [left, right] = TARGETS;
    let start = View::new("start", after(configuration, &[]))
        .with(tagged(target(left), "left target", (1.0, 0.3)))
        .with(tagged(target(right), "right target", (5.0, 0.3)))
        .with(tagged(instruction(INSTRUCTION), "instruction", (3.0, 4.4)));
    let [left, right] = END_TARGETS;
    let end = View::new("corridor's end", after(configuration, &CORRIDOR))
        .with(tagged(target(left), "left target", (1.0, 3.4)))
        .with(tagged(target(right), "right target", (5.0, 3.4)));
    let back = [&CORRIDOR[..], &[Action::Left, Action::Left]].concat();
    let turned = View::new("turned round", after(configuration, &back)).with(tagged(
        instruction((4, 2)),
        "instruction",
        (3.0, 4.3),
    ));
    let mut figure = row(
        "fig-03-views",
        "Where instruction and targets are seen",
        vec![
            Panel::of_view("Start", start),
            Panel::of_view("End of the corridor", end),
            Panel::of_view("Turned round there", turned),
        ],
    );
    figure.width = 640.0;
    figure.caption = format!(
        "Where the instruction (blue) and the targets (orange) are in the view, in the variant \
         {configuration}: a, at the start; b, at the corridor's end after four steps forward; c, \
         there after two turns. {VIEW}"
    );
    figure
}

/// Fig. 8: the six reference observations.
pub fn references() -> Figure {
    // Instruction and left target differ here, so that each can be told in the picture.
    let configuration = Configuration::ALL[3];
    let moments = Moment::references();
    let panels = moments.iter().map(|moment| {
        let (x, y) = moment.cell;
        let spot = match moment.sight {
            Sight::Instruction => instruction(moment.cell),
            Sight::LeftTarget => target(moment.cell),
        };
        let view = View::new(moment.name, after(configuration, &moment.actions)).with(spot);
        Panel::of_view(format!("{}: ({x},{y})", moment.name), view)
    });
    let mut figure = row(
        "fig-08-references",
        "Six reference observations",
        panels.collect(),
    );
    figure.columns = 3;
    figure.width = 560.0;
    let walks = moments.iter().zip('a'..).map(|(moment, letter)| {
        let names: Vec<&str> = moment.actions.iter().map(|action| action.name()).collect();
        let walk = if names.is_empty() {
            "no action".to_owned()
        } else {
            names.join(", ")
        };
        format!("{letter}, {walk}")
    });
    let walks: Vec<String> = walks.collect();
    figure.caption = format!(
        "Reference observations in the variant {configuration}. Framed: the instruction (blue), \
         or the left target (orange), at the cell that the title names. Walks from the start: {}. \
         {VIEW}",
        walks.join("; ")
    );
    figure.n.insert("observations".to_owned(), moments.len());
    figure
}

/// Fig. 16: the five edits of the start observation.
pub fn edits() -> Figure {
    let configuration = Configuration::ALL[0];
    let panels = Edit::all().map(|edit| {
        let view = View::new(edit.name, edit.of(configuration));
        let spots = edit.cells.iter().map(|&cell| Spot::added(cell));
        Panel::of_view(edit.title, spots.fold(view, View::with))
    });
    let mut figure = row(
        "fig-16-edits",
        "Edits of the start observation",
        panels.to_vec(),
    );
    figure.caption = format!(
        "The start observation of the variant {configuration} and four edits of it. An edit sets \
         the object of a cell to the one that the instruction is not (here the ball) and leaves \
         its colour and state; such objects are drawn in red, in broken frames. b, c, One \
         complement is added while the instruction stays; d, both are; e, the instruction itself \
         is replaced. {VIEW}"
    );
    figure.n.insert("edits".to_owned(), 5);
    figure
}
