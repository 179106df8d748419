//! What is said to those who made a mistake: each message names the place and, where there is one,
//! the remedy.

use std::fmt::Write;

use super::{assert_accepted, without_places};
use crate::support::{Lab, Program};

/// Each call with what it prints, as one text.
fn session(lab: &Lab, program: Program, calls: &[&[&str]]) {
    let mut text = String::new();
    for call in calls {
        let message = lab.refuse(program, call);
        let _ = writeln!(text, "$ {} {}\n{message}", program.name(), call.join(" "));
    }
    assert_accepted("errors", program.name(), &without_places(lab, &text));
}

#[test]
fn dt_env() {
    let lab = Lab::empty();
    lab.write(
        "colour.ron",
        "(id: \"a\", world: Memory((size: 7, colour: 3)))",
    );
    lab.write("even.ron", "(id: \"a\", world: Memory((size: 8)))");
    lab.write("open.ron", "(id: \"a\"");
    lab.write(
        "wall.ron",
        "(id: \"w\", world: Map((rows: [\"####\", \"#.+#\", \">###\"], success: Reach)))",
    );
    lab.write("a.png", "precious");
    session(
        &lab,
        Program::Env,
        &[
            &["dance"],
            &["list", "--colour"],
            &["render", "TwoRooms"],
            &["render", "Nowhere", "--out", "b.png"],
            &["render", "TwoRooms", "--out", "a.png"],
            &["render", "TwoRooms", "--out", "b.jpg"],
            &[
                "render",
                "TwoRooms",
                "--out",
                "b.png",
                "--actions",
                "2,jump",
            ],
            &["play", "TwoRooms"],
            &["bench", "absent.ron"],
            &["bench", "colour.ron"],
            &["bench", "even.ron"],
            &["bench", "open.ron"],
            &["bench", "wall.ron"],
            &["conform", "."],
        ],
    );
}

#[test]
fn dt_data() {
    let lab = Lab::new();
    let recipe = lab.read("tiny-data.ron");
    lab.write("typo.ron", recipe.replacen("Boltzmann", "Bolzmann", 1));
    lab.write(
        "many.ron",
        recipe.replacen("Episodes(150)", "Episodes(-1)", 1),
    );
    lab.succeed(
        Program::Data,
        &["generate", "tiny-data.ron", "--out", "data"],
    );
    lab.succeed(
        Program::Data,
        &["generate", "tiny-data.ron", "--out", "cut"],
    );
    let steps = std::fs::read(lab.at("cut/steps.arrow")).unwrap();
    lab.write("cut/steps.arrow", &steps[..steps.len() / 2]);
    session(
        &lab,
        Program::Data,
        &[
            &["generate", "absent.ron"],
            &["generate", "typo.ron", "--out", "new"],
            &["generate", "many.ron", "--out", "new"],
            &["generate", "tiny-data.ron", "--out", "data"],
            &[
                "generate",
                "tiny-data.ron",
                "--out",
                "new",
                "--threads",
                "0",
            ],
            &["inspect", "absent"],
            &["inspect", "."],
            &["export", "data", "--format", "hdf5", "--out", "new"],
            &["export", "cut", "--format", "minari", "--out", "new-v0"],
        ],
    );
}

#[test]
fn dt_train() {
    let lab = Lab::trained();
    let agent = lab.read("tiny.ron");
    lab.write("typo.ron", agent.replacen("d_mlp", "d_mpl", 1));
    lab.write("context.ron", agent.replacen("n_ctx: 14", "n_ctx: 15", 1));
    lab.write(
        "text.ron",
        agent.replacen("n_layers: 2", "n_layers: \"two\"", 1),
    );
    lab.write("data.ron", agent.replacen("tiny-data.ron", "absent.ron", 1));
    lab.write("noise.pt", "not a file of PyTorch");
    std::fs::create_dir(lab.at("broken")).unwrap();
    lab.write("broken/agent.json", "{}");
    session(
        &lab,
        Program::Train,
        &[
            &["train", "absent.ron"],
            &["train", "typo.ron"],
            &["train", "context.ron"],
            &["train", "text.ron"],
            &["train", "data.ron"],
            &["train", "tiny.ron", "--out", "run"],
            &[
                "train", "tiny.ron", "--out", "run", "--resume", "--seed", "1",
            ],
            &["--seeds", "5..2"],
            &["--device", "gpu"],
            &["eval", "absent"],
            &["eval", "broken"],
            &["eval", "run", "--rtg", "2"],
            &["import", "noise.pt", "--out", "new"],
            &["parity", "run", "absent.safetensors"],
        ],
    );
}

#[test]
fn dt_analysis() {
    let lab = Lab::trained();
    lab.write("colour.ron", "(name: \"colour\", colour: 3)");
    std::fs::create_dir(lab.at("figures")).unwrap();
    session(
        &lab,
        Program::Analysis,
        &[
            &["dance"],
            &["plot", "run"],
            &["plot", "absent", "--out", "new"],
            &["plot", ".", "--out", "new"],
            &["geometry", "absent", "--out", "new"],
            &["geometry", "run", "--study", "absent.ron", "--out", "new"],
            &["geometry", "run", "--study", "colour.ron", "--out", "new"],
            &[
                "cache",
                "run",
                "--hooks",
                "blocks.9.hook_resid_post",
                "--out",
                "new.safetensors",
            ],
        ],
    );
}
