//! Copies one token of the residual stream from a clean run into a corrupted one, and prints how
//! much of the logit difference that brings back. Without a RUN it makes an agent of 100 steps.
//! `cargo run -p dt-analysis --example patch_one_token [RUN]`

#![allow(clippy::print_stdout)] // an example is there to show

use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::subject::{Subject, TokenKind, hooks::Patch, hooks::Spot};
use dt_train::run::{RunOptions, Silent, train};
use dt_train::{AgentConfig, device::DeviceSpec, model::HookPoint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (made, data) = (folder.path().join("run"), folder.path().join("datasets"));
    let given = std::env::args_os().nth(1);
    if given.is_none() {
        let mut config = AgentConfig::default_memory();
        config.training.steps = 100;
        let options = RunOptions::new(made.clone(), data, 0);
        train(&config, &options, &mut Silent)?;
    }
    let (study, run) = (Study::memory_post(), given.map_or(made, Into::into));
    let set = PromptSet::new(&study)?;
    let agent = Subject::load(&run, &study, DeviceSpec::Cpu)?;
    let [clean, corrupted] = [study.original(), study.flipped()].map(|edit| set.of(edit));
    let (clean, corrupted) = (&clean?[..1], &corrupted?[..1]);
    let (point, head) = (HookPoint::ResidPre(1), None);
    let token = Some(agent.token(study.site_step(), TokenKind::State));
    let (cache, _) = agent.cache(clean, [point]);
    let source = cache.get(point).ok_or("it was asked for")?;
    let spot = || vec![vec![(0, Spot { token, head })]]; // the first window's, for the first
    let patched = agent.logit_diffs_with(corrupted, |_| Patch::new(point, source, spot()))[0];
    let [clean, corrupted] = [clean, corrupted].map(|prompt| agent.logit_diffs(prompt)[0]);
    let restored = (patched - corrupted) / (clean - corrupted);
    println!("{point}, the state token of the first frame: restored {restored:.3}");
    println!("logit difference: clean {clean:.4}, corrupted {corrupted:.4}, patched {patched:.4}");
    Ok(())
}
