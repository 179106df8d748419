//! One agent measured against every claim.

use crate::subject::Experiment;
use dt_env::Cell;
use dt_train::evaluate::{ExactRecord, evaluate_exact};
use dt_train::model::HookPoint;
use serde::{Deserialize, Serialize};

use super::config::{Claims, Rule};
use super::facets::{Complements, Usable, decoys, prediction_errors};
use super::vocabulary::Vocabulary;
use crate::Error;
use crate::maths::logit_diff::pooled_restored;
use crate::maths::stats;
use crate::prompts::Study;
use crate::questions::edits::EffectsRecord;
use crate::questions::mediation::{MediationRecord, clean_mediation};
use crate::questions::steering::{SteeringRecord, steering};
use crate::questions::walsh::{WalshSite, residual_points, walsh};
use crate::subject::embedding::initial_embeddings;
use crate::subject::exposure::Exposure;

/// What was found on one claim for one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Number of the claim.
    pub id: u32,
    /// The statistic; missing where it cannot be had.
    pub value: Option<f64>,
    /// Whether the agent passes; missing where it cannot be judged.
    pub passes: Option<bool>,
    /// The numbers behind it, or why there are none.
    pub details: String,
}

/// Measurements that claims are judged by, beyond the effects of edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Greedy episodes at the study's returns-to-go.
    pub exact: Vec<ExactRecord>,
    /// Cells at which key and ball were each seen often enough.
    pub exposed_cells: Vec<Cell>,
    /// Whether the exposure is that of the agent's own data.
    pub own_data: bool,
    /// Facets whose logit difference has the right sign.
    pub right_sign: usize,
    /// Facets that claims are asked of.
    pub usable: Vec<String>,
    /// Mediation of the double complement along the direction that it does not touch.
    pub mediation: Option<MediationRecord>,
    /// Closed-loop steering.
    pub steering: Option<SteeringRecord>,
    /// Walsh decomposition of the residual stream at the decision.
    pub walsh: Vec<WalshSite>,
    /// Per facet: error of the predicted logit differences, as a share of the range.
    pub prediction_errors: Vec<Option<f64>>,
    /// Median absolute restored logit difference of decoy pairs, and their number.
    pub decoys: Option<(f64, usize)>,
    /// Item vectors before training, where they were kept.
    #[serde(skip)]
    pub initial: Option<Vec<Vec<f64>>>,
    #[serde(skip)]
    exposure: Option<Exposure>,
}

/// Measures what the claims need.
///
/// # Errors
/// If the study cannot be asked of the agent, or its data cannot be found.
pub fn evidence(
    experiment: &Experiment,
    claims: &Claims,
    effects: &EffectsRecord,
) -> Result<Evidence, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let exposure = Exposure::of(&subject.agent, study)?;
    let exposed = exposure.exposed_cells(
        subject.view(),
        study.direction_set()?.objects,
        claims.exposed_frames,
    );
    let usable = Usable::new(set, effects, claims.usable_range);
    let spec = std::sync::Arc::new(study.env_spec().map_err(Error::Config)?);
    let exact =
        evaluate_exact(subject.model(), &spec, &study.returns_to_go).map_err(Error::Question)?;
    let random = claims.claims.iter().find_map(|c| match c.rule {
        Rule::SpecificDirection { random, .. } => Some(random),
        _ => None,
    });
    let mediation = match Complements::find(study) {
        Some(found) => clean_mediation(experiment, found.both, random.unwrap_or(0))?,
        None => None,
    };
    let initial = initial_embeddings(experiment.subject)?;
    Ok(Evidence {
        exact,
        own_data: exposure.own,
        right_sign: usable.right_sign,
        usable: usable
            .facets
            .iter()
            .map(|&n| effects.facets[n].to_string())
            .collect(),
        mediation,
        steering: steering(experiment)?,
        walsh: walsh(experiment, &residual_points(subject.n_layers()), "decision")?,
        prediction_errors: prediction_errors(experiment)?,
        decoys: decoys(experiment, &usable, &exposed)?,
        initial,
        exposed_cells: exposed,
        exposure: Some(exposure),
    })
}

/// Judges an agent by every claim.
///
/// # Errors
/// If a statistic cannot be had for a reason that is no property of the agent.
pub fn judge(
    experiment: &Experiment,
    claims: &Claims,
    effects: &EffectsRecord,
    evidence: &Evidence,
) -> Result<Vec<Finding>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let embeddings = subject.embeddings();
    let usable = Usable::new(set, effects, claims.usable_range);
    let exposure = evidence
        .exposure
        .as_ref()
        .expect("measured in the same process");
    let shown = |axis, moment| set.shown_at(axis, moment);
    let targets = [shown("order", "start")?, shown("order", "decision")?];
    let cue = shown("instruction", "start")?;
    let vocabulary = Vocabulary {
        embeddings: &embeddings,
        initial: evidence.initial.as_deref(),
        view: subject.view(),
        exposure,
        exposed: &evidence.exposed_cells,
        cue: *cue.first().ok_or_else(|| {
            Error::Question("the study's first frame shows no instruction".to_owned())
        })?,
        targets: &targets,
        cue_cells: &study.main_factor()?.cells,
        study,
    };
    let bench = Bench {
        study,
        effects,
        evidence,
        usable: &usable,
        vocabulary: &vocabulary,
        enough: usable.facets.len() >= claims.least_usable,
        n_layers: subject.n_layers(),
    };
    claims
        .claims
        .iter()
        .map(|claim| {
            let (value, passes, details) = match bench.measure(claim.rule) {
                Ok(found) => found,
                // Too few exposed cells and the like: a property of the agent's data.
                Err(Error::Stats(error)) => (None, Some(false), error.to_string()),
                Err(error) => return Err(error),
            };
            Ok(Finding {
                id: claim.id,
                value,
                passes,
                details,
            })
        })
        .collect()
}

/// Everything that a claim is measured with.
struct Bench<'a> {
    study: &'a Study,
    effects: &'a EffectsRecord,
    evidence: &'a Evidence,
    usable: &'a Usable,
    vocabulary: &'a Vocabulary<'a>,
    /// Whether enough facets are usable.
    enough: bool,
    n_layers: usize,
}

type Measured = Result<(Option<f64>, Option<bool>, String), Error>;

impl Bench<'_> {
    fn measure(&self, rule: Rule) -> Measured {
        match rule {
            Rule::Steerable => self.steerable(),
            Rule::NormsFollowExposure { .. }
            | Rule::Antipodal { .. }
            | Rule::CueCluster { .. }
            | Rule::InstructionComponent { .. }
            | Rule::Smeared { .. }
            | Rule::TargetFeatures { .. } => self.of_vocabulary(rule),
            Rule::Transfers { .. } => Ok((
                None,
                None,
                "needs several agents: adversaries are chosen on one and tried on others"
                    .to_owned(),
            )),
            _ => self.of_facets(rule),
        }
    }

    fn steerable(&self) -> Measured {
        let middle = self.study.middle_return();
        let (mut done, mut of, mut parts) = (0, 0, Vec::new());
        for record in &self.evidence.exact {
            let (count, what) = match record.rtg > middle {
                true => (record.success, "successes"),
                false => (record.wrong_target, "wrong targets"),
            };
            done += count;
            of += record.of;
            parts.push(format!("{count} of {} {what} at {}", record.of, record.rtg));
        }
        Ok((
            Some(done as f64 / of as f64),
            Some(done == of),
            parts.join(", "),
        ))
    }

    fn of_vocabulary(&self, rule: Rule) -> Measured {
        let words = self.vocabulary;
        Ok(match rule {
            Rule::NormsFollowExposure { least_rho, p_below } => {
                match words.norms_against_exposure()? {
                    None => (
                        None,
                        None,
                        "its weights before training are not known".to_owned(),
                    ),
                    Some((rho, p)) => (
                        Some(rho),
                        Some(rho >= least_rho && p < p_below),
                        format!("ρ = {rho:.2}, p = {p:.4}"),
                    ),
                }
            }
            Rule::Antipodal {
                most_median,
                least_auc,
            } => {
                let (median, auc) = words.antipodal()?;
                (
                    Some(median),
                    Some(median <= most_median && auc >= least_auc),
                    format!("AUC {auc:.2} over {} exposed cells", words.exposed.len()),
                )
            }
            Rule::CueCluster {
                least_mean,
                least_auc,
            } => {
                let (mean, auc) = words.cue_cluster()?;
                (
                    Some(mean),
                    Some(mean >= least_mean && auc >= least_auc),
                    format!("AUC {auc:.2}"),
                )
            }
            Rule::InstructionComponent { least_ratio } => {
                let (ratio, separated, (right, of)) = words.instruction_component()?;
                (
                    Some(ratio),
                    Some(ratio >= least_ratio && separated && right == of),
                    format!(
                        "keys and balls {}separated, {right} of {of} left-out pairs right",
                        if separated { "" } else { "not " }
                    ),
                )
            }
            Rule::Smeared {
                least_cosine,
                least_share,
                least_cells,
            } => {
                let cosines = words.smearing()?;
                let values: Vec<f64> = cosines.iter().map(|c| c.1).collect();
                let high = values.iter().filter(|&&c| c >= least_cosine).count();
                let passes =
                    high >= least_cells && high as f64 >= least_share * values.len() as f64;
                let each: Vec<String> = cosines
                    .iter()
                    .map(|(cell, c)| format!("{cell} {c:.2}"))
                    .collect();
                (Some(stats::mean(&values)?), Some(passes), each.join(", "))
            }
            Rule::TargetFeatures {
                least_ratio,
                least_within,
                most_across,
            } => {
                let (ratio, within, across) = words.target_features()?;
                let passes = ratio >= least_ratio
                    && within.iter().all(|&w| w >= least_within)
                    && across <= most_across;
                let each: Vec<String> = within.iter().map(|w| format!("{w:.2}")).collect();
                (
                    Some(ratio),
                    Some(passes),
                    format!("|cos| within {}, across {across:.2}", each.join(" and ")),
                )
            }
            _ => unreachable!("rules about the vocabulary"),
        })
    }

    /// Restored logit difference of an edit, pooled over usable facets.
    fn pooled(&self, edit: &str) -> Option<f64> {
        let diffs = self.effects.diffs(edit);
        pooled_restored(&self.usable.of(&diffs))
    }

    fn restored(&self, facet: usize, edit: &str) -> Option<f64> {
        self.effects.effects[&self.effects.facets[facet].to_string()][edit].restored
    }

    /// The same of an edit of the targets, relative to the flip of both.
    fn pooled_target(&self, at: &str) -> Option<f64> {
        let group = self
            .study
            .edit_groups
            .iter()
            .find(|g| g.name == "targets")?;
        let of_moment = |e: &&crate::prompts::EditConfig| {
            !e.changes.is_empty() && e.changes.iter().all(|c| c.at == at)
        };
        let edit = group.edits.iter().find(of_moment)?;
        let measured = self.effects.groups.iter().find(|g| g.name == group.name)?;
        let diffs = measured.diffs(&self.effects.facets, &edit.name);
        pooled_restored(&self.usable.of(&diffs))
    }

    fn of_facets(&self, rule: Rule) -> Measured {
        let usable = format!("{} usable facets", self.usable.facets.len());
        if !self.enough {
            return Ok((None, Some(false), format!("only {usable}")));
        }
        let Some(edits) = Complements::find(self.study) else {
            return Err(Error::Question(
                "the study has no double complement with its single ones".to_owned(),
            ));
        };
        let [both, first, second] =
            [edits.both, edits.first, edits.second].map(|e| e.name.as_str());
        let at_least = |share: Option<f64>, least: f64| share.map(|s| s >= least);
        Ok(match rule {
            Rule::TargetsAtDecision {
                least_decision,
                most_start,
            } => {
                let (decision, start) =
                    (self.pooled_target("decision"), self.pooled_target("start"));
                let passes = decision.zip(start);
                (
                    decision,
                    passes.map(|(d, s)| d >= least_decision && s.abs() <= most_start),
                    format!("at the start frame {:.2}", start.unwrap_or(f64::NAN)),
                )
            }
            Rule::DoubleComplement {
                least_pooled,
                least_flipped,
                most_decoy,
            } => {
                let pooled = self.pooled(both);
                let original = &self.study.original().name;
                let argmax = |facet: usize, edit: &str| {
                    self.effects.effects[&self.effects.facets[facet].to_string()][edit].argmax
                };
                let turned = self.usable.share(|n| {
                    let side = |edit| self.study.contrast.side(argmax(n, edit));
                    let (before, after) = (side(original), side(both));
                    before.is_some() && after.is_some() && before != after
                });
                let decoys = self.evidence.decoys;
                let passes = pooled.zip(turned).map(|(p, t)| {
                    p >= least_pooled
                        && t >= least_flipped
                        && decoys.is_none_or(|(d, _)| d <= most_decoy)
                });
                let of_decoys = match decoys {
                    Some((value, pairs)) => format!("decoys {value:.2} (median of {pairs} pairs)"),
                    None => "no decoy cells".to_owned(),
                };
                (
                    pooled,
                    passes,
                    format!(
                        "other turn in {:.0} %, {of_decoys}",
                        100.0 * turned.unwrap_or(0.0)
                    ),
                )
            }
            Rule::SinglesPartial { low, high } => {
                let pair = self.pooled(first).zip(self.pooled(second));
                let within = |x: f64| (low..=high).contains(&x);
                (
                    pair.map(|(a, b)| f64::midpoint(a, b)),
                    pair.map(|(a, b)| within(a) && within(b)),
                    pair.map_or(String::new(), |(a, b)| format!("{a:.2} and {b:.2}")),
                )
            }
            Rule::NotAdditive { above, least_share } => {
                let share = self.usable.share(|n| {
                    let all = [both, first, second].map(|e| self.restored(n, e));
                    matches!(all, [Some(x), Some(a), Some(b)] if (x - a - b).abs() > above)
                });
                (share, at_least(share, least_share), usable)
            }
            Rule::Asymmetric { above, least_share } => {
                let share = self.usable.share(|n| {
                    let pair = [first, second].map(|e| self.restored(n, e));
                    matches!(pair, [Some(a), Some(b)] if (a - b).abs() > above)
                });
                (share, at_least(share, least_share), usable)
            }
            Rule::ProjectionPredicts {
                most_rmse,
                least_share,
            } => {
                let errors = &self.evidence.prediction_errors;
                let share = self
                    .usable
                    .share(|n| errors[n].is_some_and(|e| e <= most_rmse));
                let median = stats::median(
                    &self
                        .usable
                        .of(errors)
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>(),
                )?;
                (
                    share,
                    at_least(share, least_share),
                    format!("median error {median:.2} of the range"),
                )
            }
            Rule::Mediated { nie, most_nde } => match self.pooled_mediation() {
                Some((share, rest)) => (
                    Some(share),
                    Some((nie.0..=nie.1).contains(&share) && rest.abs() <= most_nde),
                    format!("NDE {rest:.2}"),
                ),
                None => (
                    None,
                    Some(false),
                    "the edit has no effect to mediate".to_owned(),
                ),
            },
            Rule::SpecificDirection {
                random,
                quantile,
                least_share,
            } => {
                let Some(record) = &self.evidence.mediation else {
                    return Ok((
                        None,
                        Some(false),
                        "no direction without the edited cells".to_owned(),
                    ));
                };
                let share = self.usable.share(|n| {
                    let facet = &record.facets[n];
                    let beaten = stats::quantile(&facet.random, quantile).ok();
                    facet
                        .nie()
                        .zip(beaten)
                        .is_some_and(|(effect, q)| effect > q)
                });
                (
                    share,
                    at_least(share, least_share),
                    format!("{random} random directions a facet"),
                )
            }
            Rule::SteersBehaviour {
                least_layouts,
                most_random,
            } => {
                let Some(steering) = &self.evidence.steering else {
                    return Ok((None, None, "no steering in closed loop".to_owned()));
                };
                let reached = steering.reaches_other.iter().filter(|r| **r).count();
                let of = steering.reaches_other.len();
                (
                    Some(reached as f64 / of as f64),
                    Some(reached >= least_layouts && steering.random_share <= most_random),
                    format!(
                        "{reached} of {of} layouts; random {:.0} % of {}",
                        100.0 * steering.random_share,
                        steering.random_episodes
                    ),
                )
            }
            Rule::SoughtObject { least_share } => {
                let last_mlp = HookPoint::ResidPost(self.n_layers - 1).to_string();
                let best = self
                    .evidence
                    .walsh
                    .iter()
                    .filter(|site| site.point != last_mlp)
                    .max_by_key(|site| site.flips["IR"]);
                match best {
                    Some(site) => {
                        let share = site.flips["IR"] as f64 / site.of as f64;
                        (
                            Some(share),
                            Some(share >= least_share),
                            format!(
                                "{} of {} facets flip at {}",
                                site.flips["IR"], site.of, site.point
                            ),
                        )
                    }
                    None => (None, Some(false), "no site before the last MLP".to_owned()),
                }
            }
            _ => unreachable!("rules about facets"),
        })
    }

    /// NIE and NDE over usable facets.
    fn pooled_mediation(&self) -> Option<(f64, f64)> {
        let record = self.evidence.mediation.as_ref()?;
        let pooled = |edit: fn(&crate::questions::mediation::FacetMediation) -> f64| {
            let changes: Vec<_> = record
                .facets
                .iter()
                .map(|f| crate::maths::logit_diff::LogitDiffs {
                    edit: edit(f),
                    original: f.clean,
                    flipped: f.both,
                })
                .collect();
            pooled_restored(&self.usable.of(&changes))
        };
        pooled(|f| f.along).zip(pooled(|f| f.rest))
    }
}
