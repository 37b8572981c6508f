// The fields of a definition that the catalogue does not list, described as it describes arguments (docs/definition.md; a test
// compares the ranges with the service's own). And what each template and tuner is for, in a sentence.

const field = (kinds, help, more = {}) => ({ kinds: kinds.split(" "), required: false, help, ...more });

export const FIELDS = {
  fit: {
    epochs: field("int", "Passes over the training rows, at most.", { minimum: 1, maximum: 10000, required: true }),
    batch_size: field("int", "Rows per step of the optimizer.", { minimum: 1, maximum: 1048576, default: 32 }),
    validation_split: field("float", "Share of the training rows that is held out to measure on.", {
      exclusive_minimum: 0,
      exclusive_maximum: 1,
    }),
    split_by: field("enum", "What a split keeps together: single rows, whole groups, or the past before the future.", {
      choices: ["rows", "group", "time"],
      default: "rows",
    }),
    shuffle: field("bool", "Mix the rows before each epoch.", { default: true }),
    class_weight: field("enum", "Weigh rare classes more.", { choices: ["balanced"] }),
    sample_weight: field("bool", "Let the sample weights of the data count, where there are any.", { default: true }),
  },
  cross_validation: {
    folds: field("int", "Each trial trains once a fold; its score is the mean.", {
      minimum: 2,
      maximum: 100,
      required: true,
    }),
    stratified: field("bool", "Keep the share of each class in every fold.", { default: true }),
  },
  limits: {
    max_trials: field("int", "Trials at most.", { minimum: 1, maximum: 10000 }),
    max_seconds: field("float", "Seconds from the start, at most.", { exclusive_minimum: 0, maximum: 1000000000 }),
    max_epochs: field("int", "Epochs over all trials, at most.", { minimum: 1, maximum: 1000000000 }),
    max_device_seconds: field("float", "Seconds of training summed over all devices, at most.", {
      exclusive_minimum: 0,
      maximum: 1000000000,
    }),
    target: field("float", "End when a trial's objective has reached this."),
    patience_trials: field("int", "End after so many trials without a better score.", { minimum: 1, maximum: 10000 }),
  },
  search: {
    parallelism: field("int", "Trials that may run at once.", { minimum: 1, maximum: 1000, default: 1 }),
    executions_per_trial: field("int", "Trainings from fresh weights per trial, whose scores are averaged.", {
      minimum: 1,
      maximum: 100,
      default: 1,
    }),
    max_retries_per_trial: field(
      "int",
      "New attempts after a trial failed by itself; faults of machines have a budget of their own.",
      { minimum: 0, maximum: 100, default: 0 },
    ),
    seed: field("int", "Same seed, same points. Without one the service draws it.", {
      minimum: 0,
      maximum: 9007199254740992,
    }),
    priority: field("int", "Larger goes first; above 0 is for administrators.", {
      minimum: -100,
      maximum: 100,
      default: 0,
    }),
  },
  dataset: {
    scale: field("enum", "How numbers are scaled before a model sees them; without it as the data set says.", {
      choices: ["0-1", "standard", "none"],
    }),
    test_split: field("float", "Share of the training rows no trial sees, to test the best on.", {
      exclusive_minimum: 0,
      exclusive_maximum: 1,
    }),
  },
  numbers: {
    missing: field("enum", "What stands in a gap.", {
      choices: ["median", "mean", "zero", "refuse"],
      default: "median",
    }),
    scale: field("enum", "How columns of numbers are scaled.", { choices: ["0-1", "standard", "none"] }),
    indicator: field("bool", "A second column that says where a value is missing.", { default: false }),
  },
  categories: {
    encode: field("enum", "One column a category, or its number.", {
      choices: ["one_hot", "ordinal"],
      default: "one_hot",
    }),
    missing: field("enum", "What stands in a gap.", { choices: ["category", "most_frequent"], default: "category" }),
  },
  text: {
    max_tokens: field("int", "Words of the vocabulary, padding and unknown words included.", {
      minimum: 3,
      maximum: 200000,
    }),
    sequence_length: field("int", "Words of an example: longer ones are cut, shorter ones padded.", {
      minimum: 1,
      maximum: 100000,
    }),
    output: field("enum", "Words as numbers for Embedding, or counts for Dense.", {
      choices: ["int", "multi_hot", "count", "tf_idf"],
      default: "int",
    }),
    lowercase: field("bool", "Capitals count as small letters.", { default: true }),
    ngrams: field("int", "Also pairs and triples of neighbouring words.", { minimum: 1, maximum: 3, default: 1 }),
  },
  sequence: {
    length: field("int", "Longer rows are cut, shorter ones padded with 0.", {
      minimum: 1,
      maximum: 100000,
      required: true,
    }),
  },
  window: {
    length: field("int", "Neighbouring rows that make one example.", { minimum: 1, maximum: 100000, required: true }),
    horizon: field("int", "Steps from the last row to the one that is predicted.", {
      minimum: 1,
      maximum: 100000,
      default: 1,
    }),
    stride: field("int", "Distance between the beginnings of two examples.", {
      minimum: 1,
      maximum: 100000,
      default: 1,
    }),
  },
  application: {
    pooling: field("enum null", "How the backbone's height x width becomes one row; none keeps it.", {
      choices: ["avg", "max"],
      default: "avg",
    }),
    image_size: field("int_list", "Height and width to which images are resized first.", {
      min_items: 2,
      max_items: 2,
      minimum: 1,
      maximum: 2048,
    }),
    preprocess: field("bool", "Do what the backbone's own preprocessing does.", { default: true }),
  },
};

/** What may be said of a single column, by its kind; what is left out is as for all columns of the kind. */
const ofColumn = ({ help, choices }) => field(choices ? "enum" : "bool", help, choices ? { choices } : {});
const OF_NUMBERS = {
  missing: ofColumn(FIELDS.numbers.missing),
  scale: ofColumn(FIELDS.numbers.scale),
  indicator: ofColumn(FIELDS.numbers.indicator),
};
const OF_CATEGORIES = {
  encode: ofColumn(FIELDS.categories.encode),
  missing: ofColumn(FIELDS.categories.missing),
};
const MISSING = [...FIELDS.numbers.missing.choices, ...FIELDS.categories.missing.choices];
export const COLUMN = {
  number: OF_NUMBERS,
  category: OF_CATEGORIES,
  unknown: { ...OF_CATEGORIES, ...OF_NUMBERS, missing: field("enum", "What stands in a gap.", { choices: MISSING }) },
};

/** The weight of one of several losses. */
export const LOSS_WEIGHT = field("float", "How much its loss counts.", { minimum: 0, maximum: 1000000, default: 1 });

/** What the numbers of a constraint may be. */
export const RULE_LIMITS = {
  number: field("float", ""),
  parameters: field("int", "Weights of the built model.", { minimum: 1, maximum: 1000000000000, required: true }),
};

/** What a repeat and a hyperparameter are made of. */
export const REPEAT = field("int", "How often these layers follow each other.", {
  minimum: 0,
  maximum: 500,
  required: true,
  facts: false,
  lists: true,
});
export const SAMPLING = ["linear", "log", "reverse_log"];
export const FACTS = {
  num_classes: "classes of the data",
  target_size: "numbers to predict for an example",
  input_shape: "shape of an example",
  image_shape: "shape with a channel axis",
  input_size: "numbers in an example",
  train_rows: "training rows",
  vocabulary_size: "words or tokens there are",
};

export const TEMPLATES = {
  mlp: ["Dense layers", "Images and rows of numbers. The quickest start; runs on the built-in digits."],
  convnet: ["Convolutions", "Small images: convolutions, pooling, a dense head."],
  residual: ["Residual network", "Images: a graph with skip connections that can be switched off."],
  tabular: ["Table", "Numbers and categories, gaps filled, with regularization."],
  text: ["Texts", "Texts with classes: embedding, then pooling or a bidirectional LSTM or GRU."],
  sequence: ["Time series", "Windows over rows in order: LSTM or GRU that predicts a number."],
  transfer: ["Pretrained backbone", "Your images on an ImageNet backbone, with augmentation and a schedule."],
  sklearn: ["Scikit-learn", "Forests, boosting and support vectors, each with its own settings; cross-validated."],
};

/** When to use which; the catalogue says what each does. */
export const TUNERS = {
  random: "A good first choice, and hard to beat for under 20 trials or many workers.",
  grid: "For a small space of which you want every point.",
  hyperband: "When training takes long and bad trials show early: most of the time goes to the promising ones.",
  bayesian: "When each trial is expensive and there are up to a dozen hyperparameters.",
  sweep: "To learn what each hyperparameter does by itself, as one tunes by hand.",
  perturb: "To polish defaults that are already good.",
};
export const DEFAULT_TRIALS = 20;
