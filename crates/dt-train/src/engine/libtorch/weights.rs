//! All parameters in a few tensors, and AdamW on them.

use rayon::prelude::*;
use tch::{Kind, Tensor as Torch};

use super::ffi::{AdamW, adamw};
use super::layout::{Layout, Leaf, Place};
use crate::definition::Precision;
use crate::device::libtorch::{Shared, above, below};
use crate::model::{Model, ParamSpec};
use crate::optim::{Moments, OptimizerConfig};

/// Parameters and moments.
pub(super) struct Weights {
    pub(super) layout: Layout,
    /// One for each section of the layout.
    sections: Vec<Values>,
    /// Updates that the moments have seen.
    pub(super) updates: usize,
}

/// Values of a section, each `[agents, values]`.
struct Values {
    weights: Shared,
    first: Shared,
    second: Shared,
}

impl Weights {
    /// Moves a model's parameters into the layout's tensors, of which they become views.
    pub(super) fn take(model: &mut Model, optimizer: &OptimizerConfig) -> Self {
        let layout = Layout::new(&model.config, model.specs(), &model.index, optimizer);
        let params: Vec<Torch> = model.params().iter().map(below).collect();
        let joined = (0..layout.leaves.len()).map(|leaf| {
            let of_leaf = layout.places.iter().zip(&params);
            let own = of_leaf.filter(|(place, _)| place.leaf == leaf);
            Torch::cat(&own.map(|(_, param)| param).collect::<Vec<_>>(), 2)
        });
        let joined: Vec<Torch> = joined.collect();
        let values = |weights: Torch| Values {
            first: Shared::new(weights.zeros_like()),
            second: Shared::new(weights.zeros_like()),
            weights: Shared::new(weights),
        };
        let sections = flatten(&layout, &joined).into_iter().map(values).collect();
        let weights = Self {
            layout,
            sections,
            updates: 0,
        };
        weights.show(model);
        weights
    }

    /// Makes a model's parameters views of these.
    fn show(&self, model: &mut Model) {
        let of_section = |n: usize| self.sections[n].weights.shallow_clone();
        let views = self.views(model.specs(), of_section);
        model.set_params(views.iter().map(above).collect());
    }

    /// Takes an agent out.
    pub(super) fn release(&mut self, model: &mut Model, agent: usize) {
        let _guard = tch::no_grad_guard();
        for values in &mut self.sections {
            let agents = values.weights.size()[0];
            let others: Vec<i64> = (0..agents).filter(|&n| n != agent as i64).collect();
            let others = Torch::from_slice(&others).to_device(values.weights.device());
            for tensor in [&mut values.weights, &mut values.first, &mut values.second] {
                *tensor = Shared::new(tensor.index_select(0, &others));
            }
        }
        self.show(model);
    }

    /// Each parameter's part of tensors in the layout, `[agents, rows, cols]`.
    fn views(&self, specs: &[ParamSpec], of_section: impl Fn(usize) -> Torch) -> Vec<Torch> {
        let view = |(place, spec): (&Place, &ParamSpec)| {
            let leaf = &self.layout.leaves[place.leaf];
            view(leaf, &of_section(leaf.section)).narrow(2, place.col as i64, spec.cols as i64)
        };
        self.layout.places.iter().zip(specs).map(view).collect()
    }

    /// Leaves of libtorch's autograd. In F32 they share the weights' storage and see every update;
    /// otherwise those after the tokens are rounded copies of the weights as they are now.
    pub(super) fn leaves(&self, precision: Precision) -> Vec<Shared> {
        let _guard = tch::no_grad_guard();
        let rounded: Vec<Option<Torch>> = self
            .sections
            .iter()
            .map(|values| match precision {
                Precision::F32 => None,
                Precision::Bf16 => Some(values.weights.to_kind(Kind::BFloat16)),
            })
            .collect();
        let leaf = |leaf: &Leaf| {
            let weights = &self.sections[leaf.section].weights;
            let from = match &rounded[leaf.section] {
                Some(rounded) if leaf.after_tokens => rounded,
                _ => weights,
            };
            Shared::new(view(leaf, from).detach().set_requires_grad(true))
        };
        self.layout.leaves.iter().map(leaf).collect()
    }

    /// One update in place, AdamW as in Loshchilov and Hutter (2019); `factor` is the schedule's.
    /// Returns the gradient's global norm of each agent before clipping, `[agents, 1]`.
    pub(super) fn update(
        &mut self,
        grads: &[Torch],
        config: &OptimizerConfig,
        factor: f64,
    ) -> Torch {
        let _guard = tch::no_grad_guard();
        let norm = |of: &Torch| of.norm_scalaropt_dim(2.0, [1_i64].as_slice(), true);
        let norms: Vec<Torch> = grads.iter().map(norm).collect();
        let norm = norm(&Torch::cat(&norms, 1));
        let scale = config
            .clip_norm
            .map(|limit| (norm.reciprocal() * limit).clamp_max(1.0));
        self.updates += 1;
        let device = norm.device();
        let mut jobs = Vec::new();
        for (n, grad) in grads.iter().enumerate() {
            let values = &self.sections[n];
            if let Some(scale) = &scale {
                let _ = grad.shallow_clone().g_mul_(scale);
            }
            let whole =
                [&*values.weights, grad, &*values.first, &*values.second].map(|of| of.view(-1));
            // On the host libtorch has one thread here, so each core takes a part.
            let parts = match device {
                tch::Device::Cpu => rayon::current_num_threads() as i64,
                _ => 1,
            };
            let len = whole[0].size()[0];
            for part in 0..parts {
                let (from, to) = (part * len / parts, (part + 1) * len / parts);
                let span = |of: &Torch| Shared::new(of.narrow(0, from, to - from));
                jobs.push((n, whole.each_ref().map(span)));
            }
        }
        let count = Torch::full([], self.updates as f64, (Kind::Float, device));
        let count = Shared::new(count);
        jobs.into_par_iter()
            .for_each(|(n, [weights, grad, first, second])| {
                let _guard = tch::no_grad_guard();
                let section = &self.layout.sections[n];
                let settings = AdamW {
                    learning_rate: config.learning_rate * factor * section.rate,
                    beta_1: f64::from(config.beta_1),
                    beta_2: f64::from(config.beta_2),
                    weight_decay: match section.decays {
                        true => f64::from(config.weight_decay),
                        false => 0.0,
                    },
                    epsilon: f64::from(config.epsilon),
                };
                adamw(&weights, &grad, &first, &second, &count, &settings);
            });
        norm
    }

    /// Moments of every parameter of an agent, on the host.
    pub(super) fn moments(&self, specs: &[ParamSpec], agent: usize) -> Vec<Moments> {
        let agent = agent as i64;
        let on_host = |of: &dyn Fn(&Values) -> Torch| -> Vec<Vec<f32>> {
            let own = self
                .sections
                .iter()
                .map(|values| host(&of(values).get(agent)));
            own.collect()
        };
        let first = on_host(&|values| values.first.shallow_clone());
        let second = on_host(&|values| values.second.shallow_clone());
        let moments = |(n, spec): (usize, &ParamSpec)| Moments {
            first: self.layout.values_of(n, spec, &first),
            second: self.layout.values_of(n, spec, &second),
        };
        specs.iter().enumerate().map(moments).collect()
    }

    /// Takes up parameters and moments read from a checkpoint, in memory order; those of all agents
    /// follow each other.
    pub(super) fn restore(
        &mut self,
        specs: &[ParamSpec],
        values: &[Vec<f32>],
        moments: &[Moments],
        updates: usize,
    ) {
        let _guard = tch::no_grad_guard();
        let fill = |of: &dyn Fn(&Values) -> Torch, from: &mut dyn Iterator<Item = &Vec<f32>>| {
            let views = self.views(specs, |n| of(&self.sections[n]));
            for (view, values) in views.into_iter().zip(from) {
                let values = Torch::from_slice(values).view(&view.size()[..]);
                view.shallow_clone().copy_(&values);
            }
        };
        fill(&|v| v.weights.shallow_clone(), &mut values.iter());
        fill(
            &|v| v.first.shallow_clone(),
            &mut moments.iter().map(|m| &m.first),
        );
        fill(
            &|v| v.second.shallow_clone(),
            &mut moments.iter().map(|m| &m.second),
        );
        self.updates = updates;
    }
}

/// A leaf's part of its section, `[agents, rows, cols]`.
fn view(leaf: &Leaf, section: &Torch) -> Torch {
    section.narrow(1, leaf.at as i64, leaf.len() as i64).view([
        section.size()[0],
        leaf.rows as i64,
        leaf.cols as i64,
    ])
}

/// Tensors of all leaves by section, each `[agents, values]`, in F32.
pub(super) fn flatten(layout: &Layout, leaves: &[Torch]) -> Vec<Torch> {
    let of_section = |n: usize| {
        let own = layout.leaves.iter().zip(leaves);
        let own = own.filter(|(leaf, _)| leaf.section == n);
        let flat = own.map(|(_, tensor)| tensor.reshape([tensor.size()[0], -1]));
        let flat: Vec<Torch> = flat.collect();
        // Where kinds differ, the result is of the wider one.
        Torch::cat(&flat, 1).to_kind(Kind::Float)
    };
    (0..layout.sections.len()).map(of_section).collect()
}

/// Values on the host.
pub(super) fn host(tensor: &Torch) -> Vec<f32> {
    let flat = tensor
        .to_kind(Kind::Float)
        .to_device(tch::Device::Cpu)
        .contiguous()
        .view(-1);
    Vec::<f32>::try_from(&flat).expect("a dense vector of f32")
}
