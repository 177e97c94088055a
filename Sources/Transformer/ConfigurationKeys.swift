import Support

/// The keys of `config.json` that are not sizes: those that would change the numbers, and those that change none.
///
/// Whoever sets one of the first to anything but its neutral value is refused; a key in neither list is named in a note.
enum ConfigurationKeys {
  /// Values of a key with which the model is the one that is implemented.
  private enum Neutral {
    /// Only null.
    case null
    /// Null, false and 0.
    case nothing
    /// Null and true.
    case yes
    /// Null and 1.
    case one
    /// Null, and a list that has nothing but this.
    case all(JSON)
  }

  /// What is implemented in no architecture here, with the models that have it.
  private static let changing: KeyValuePairs<String, Neutral> = [
    // Granite, MiniCPM and others scale embeddings, residuals, attention or logits.
    "attention_multiplier": .null, "embedding_multiplier": .one, "residual_multiplier": .one, "logits_scaling": .one,
    "logit_scale": .one, "scale_emb": .one, "scale_depth": .null, "dim_model_base": .null, "mup_width_scale": .one,
    // Gemma's caps.
    "final_logit_softcapping": .nothing, "attn_logit_softcapping": .nothing, "query_pre_attn_scalar": .null,
    // SmolLM3 and Llama 4 leave out the rotation in some blocks.
    "no_rope_layers": .all(1), "no_rope_layer_interval": .nothing,
    "use_qk_norm": .nothing, "qk_layernorm": .nothing, "qk_norm": .nothing,
    // Encoders made of decoders.
    "is_causal": .yes, "use_bidirectional_attention": .nothing,
    // OLMo and Falcon.
    "clip_qkv": .null, "alibi": .nothing, "parallel_attn": .nothing, "use_parallel_residual": .nothing,
    // Mixtures of experts.
    "num_experts": .nothing, "num_local_experts": .nothing, "n_routed_experts": .nothing,
    // Weights in a packed form of compressed-tensors.
    "sparsity_config": .null, "compression_config": .null,
    "attention_chunk_size": .nothing, "rope_interleaved": .nothing, "add_cross_attention": .nothing,
  ]

  /// What an architecture reads, and what changes no number of a forward pass.
  private static let harmless: Set<String> = [
    // Read.
    "model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
    "head_dim", "vocab_size", "max_position_embeddings", "rms_norm_eps", "hidden_act", "attention_bias", "mlp_bias",
    "tie_word_embeddings", "rope_theta", "rope_scaling", "rope_parameters", "partial_rotary_factor", "sliding_window",
    "original_max_position_embeddings", "use_sliding_window", "max_window_layers", "layer_types", "activation_function",
    "layer_norm_elementwise_affine",
    "word_embed_proj_dim", "ffn_dim", "do_layer_norm_before", "_remove_final_layer_norm", "enable_bias",
    "quantization_config",
    // Names, types and versions.
    "architectures", "_name_or_path", "name_or_path", "transformers_version", "torch_dtype", "dtype", "auto_map",
    "model_name", "unsloth_version", "unsloth_fixed", "_commit_hash", "_attn_implementation", "tokenizer_class",
    // Training.
    "initializer_range", "init_std", "attention_dropout", "hidden_dropout", "dropout", "activation_dropout",
    "layerdrop",
    "attn_dropout", "embd_pdrop", "resid_pdrop", "classifier_dropout", "gradient_checkpointing", "is_llama_config",
    "pretraining_tp", "max_sequence_length",
    // Tokens and generation.
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id", "decoder_start_token_id",
    "use_cache", "prefix", "max_length", "min_length", "do_sample", "temperature", "top_k", "top_p", "num_beams",
    "repetition_penalty", "forced_bos_token_id", "forced_eos_token_id", "suppress_tokens", "task_specific_params",
    // What the base class of all configurations writes.
    "return_dict", "output_attentions", "output_hidden_states", "torchscript", "use_bfloat16", "pruned_heads",
    "chunk_size_feed_forward", "is_decoder", "is_encoder_decoder", "cross_attention_hidden_size", "id2label",
    "label2id",
    "problem_type", "finetuning_task", "tie_encoder_decoder", "cache_implementation", "transformers.js_config",
    "num_logits_to_keep", "attn_implementation", "use_flash_attn",
  ]

  /// Throws where a key asks for what is not implemented.
  static func check(_ json: FieldReader) throws(DocumentError) {
    // MLX has the shorter name.
    for key in ["quantization_config", "quantization"] {
      guard let quantization = json.optional(key) else { continue }
      let method = quantization.json["quant_method"]?.text ?? "an unnamed method"
      throw quantization.failure("the weights are quantised (\(method)); dequantise them first")
    }
    for type in try json.optional("layer_types")?.elements() ?? []
    where type.json.text != "full_attention" && type.json.text != "sliding_attention" {
      throw type.unsupported(type.quoted, supported: "full_attention, sliding_attention")
    }
    for (key, neutral) in changing {
      guard let field = json.optional(key), !isNeutral(field.json, neutral) else { continue }
      throw field.failure("\(field.spelling) is not supported: the model would compute something else")
    }
  }

  private static func isNeutral(_ value: JSON, _ neutral: Neutral) -> Bool {
    switch neutral {
    case .null: false
    case .nothing: value.bool == false || value.double == 0
    case .yes: value.bool == true
    case .one: value.double == 1
    case .all(let only): value.array?.allSatisfy { $0.encoded() == only.encoded() } ?? false
    }
  }

  /// The keys that are in no list, in the order of the file; null says nothing.
  static func unknown(_ json: FieldReader) -> [String] {
    let known = Set(changing.map(\.key)).union(harmless)
    return json.json.objectMembers.filter { !$0.1.isNull && !known.contains($0.0) }.map(\.0)
  }
}

extension FieldReader {
  /// The value as it is written, where that is short, else its type.
  fileprivate var spelling: String {
    let text = String(decoding: json.encoded(), as: UTF8.self)
    return text.utf8.count <= 40 ? text : json.kind
  }
}
