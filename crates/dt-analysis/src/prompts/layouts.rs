//! Which resets a study asks about.

use std::sync::Arc;

use dt_env::config::ConfigError;
use dt_env::{Env, EnvSpec, Facts, Layout, WorldConfig};
use serde::{Deserialize, Serialize};

use super::study::Study;
use crate::Error;

/// Resets that make prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layouts {
    /// Every combination of the factors' values, the first factor changing slowest.
    #[default]
    Combinations,
    /// These facts, in this order.
    Facts(Vec<Facts>),
    /// What `reset(seed)` lays out.
    Seeds(Vec<u64>),
    /// Hand-drawn maps in place of the environment's own, with facts that tell them apart.
    Drawn(Vec<DrawnMap>),
}

/// A hand-drawn layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawnMap {
    /// What is so in it: a value for each factor's axis.
    pub facts: Facts,
    /// Rows as in a world's definition; legend and rule of success are the environment's.
    pub rows: Vec<String>,
}

/// A layout and the world that lays it out.
#[derive(Clone, Debug)]
pub struct Start {
    /// Definition of the world.
    pub spec: Arc<EnvSpec>,
    /// What its reset decides.
    pub layout: Layout,
    /// What that is called.
    pub facts: Facts,
}

impl Start {
    /// An environment at this start.
    pub fn env(&self) -> Env {
        let mut env = Env::new(self.spec.clone());
        env.reset_layout(&self.layout);
        env
    }
}

/// Every start that a study can ask about: those of its prompts first, then those that flips of
/// its factors lead to.
#[derive(Clone, Debug)]
pub struct Starts {
    /// Starts of the prompts.
    pub prompts: Vec<Start>,
    /// All that were drawn, if the study draws.
    drawn: Vec<Start>,
}

impl Starts {
    /// Finds the starts of a study.
    ///
    /// # Errors
    /// If the world has no such layout, or a drawn map is wrong.
    pub fn new(study: &Study) -> Result<Self, Error> {
        let spec = Arc::new(study.env_spec().map_err(Error::Config)?);
        let mut drawn = Vec::new();
        let prompts = match &study.layouts {
            Layouts::Combinations => combinations(study)
                .iter()
                .map(|facts| start_of(study, &spec, facts))
                .collect::<Result<_, _>>()?,
            Layouts::Facts(all) => all
                .iter()
                .map(|facts| start_of(study, &spec, facts))
                .collect::<Result<_, _>>()?,
            Layouts::Seeds(seeds) => seeds
                .iter()
                .map(|&seed| {
                    let mut env = Env::new(spec.clone());
                    env.reset(seed);
                    Start {
                        spec: spec.clone(),
                        layout: *env.layout(),
                        facts: env.facts(),
                    }
                })
                .collect(),
            Layouts::Drawn(maps) => {
                for map in maps {
                    drawn.push(draw(study, &spec, map)?);
                }
                drawn.clone()
            }
        };
        Ok(Self { prompts, drawn })
    }

    /// The start that differs from one on these axes alone.
    ///
    /// # Errors
    /// If there is none.
    pub fn flipped(&self, study: &Study, start: &Start, axes: &[String]) -> Result<Start, Error> {
        let mut facts = start.facts.clone();
        for axis in axes {
            let factor = study.factor(axis)?;
            let positive = factor
                .sign(&facts)
                .ok_or_else(|| no_value(study, axis, start))?;
            facts = facts.with(axis.as_str(), factor.value(!positive));
        }
        if let Layouts::Drawn(_) = study.layouts {
            let found = self.drawn.iter().find(|s| s.facts == facts);
            return found.cloned().ok_or_else(|| {
                Error::Question(format!(
                    "study {}: field `layouts`: no map is drawn for `{facts}`, which an edit flips \
                     to; draw one with these facts",
                    study.name
                ))
            });
        }
        start_of(study, &start.spec, &facts)
    }
}

fn no_value(study: &Study, axis: &str, start: &Start) -> Error {
    Error::Question(format!(
        "study {}: field `layouts`: one is `{}`, which has neither value of the factor `{axis}`",
        study.name, start.facts
    ))
}

/// Every combination of the factors' values.
fn combinations(study: &Study) -> Vec<Facts> {
    let mut all = vec![Facts::new()];
    for factor in &study.factors {
        all = all
            .into_iter()
            .flat_map(|facts| {
                [true, false].map(|positive| {
                    facts
                        .clone()
                        .with(factor.axis.as_str(), factor.value(positive))
                })
            })
            .collect();
    }
    all
}

/// The first layout with these facts, in the world's own order.
fn start_of(study: &Study, spec: &Arc<EnvSpec>, facts: &Facts) -> Result<Start, Error> {
    let field = match study.layouts {
        Layouts::Facts(_) => "layouts",
        _ => "factors",
    };
    let wrong = |message: String| {
        Error::Question(format!("study {}: field `{field}`: {message}", study.name))
    };
    let found = spec
        .layouts_where(facts)
        .map_err(|e| wrong(e.to_string()))?;
    let (layout, _) = found
        .first()
        .ok_or_else(|| wrong(format!("{} has no layout `{facts}`", spec.id)))?;
    Ok(Start {
        spec: spec.clone(),
        layout: *layout,
        facts: layout.facts(),
    })
}

fn draw(study: &Study, spec: &Arc<EnvSpec>, map: &DrawnMap) -> Result<Start, Error> {
    let invalid = |message: String| {
        Error::Config(ConfigError::Invalid {
            file: format!("study {}", study.name),
            message: format!("field `layouts`: {message}"),
        })
    };
    let WorldConfig::Map(own) = &spec.world else {
        return Err(invalid(format!(
            "{} is no hand-drawn world, so none of its layouts can be drawn; name \
             them by Facts or Seeds",
            spec.id
        )));
    };
    let mut config = own.clone();
    config.rows.clone_from(&map.rows);
    let mut variant = EnvSpec::clone(spec);
    variant.world = WorldConfig::Map(config);
    if let Some(problem) = variant.problem() {
        return Err(invalid(format!("map for `{}`: {problem}", map.facts)));
    }
    let variant = Arc::new(variant);
    let layout = *Env::new(variant.clone()).layout();
    Ok(Start {
        spec: variant,
        layout,
        facts: map.facts.clone(),
    })
}
