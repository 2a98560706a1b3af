"""Names of the families that are imported late, by family and kind; see dispatch/late.py.

Written by tools/make_late_table.py.
"""

NAMES: dict[str, dict[str, str]] = {
    "trigonometry": {
        "cards": (
            "acos acosh asin asinh atan atan2 atanh cos cosh deg2rad hypot rad2deg sin sinh "
            "tan tanh "
        ),
        "functions": (
            "acos acos_ acosh acosh_ arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh "
            "arcsinh_ arctan arctan2 arctan_ arctanh arctanh_ asin asin_ asinh asinh_ atan "
            "atan2 atan_ atanh atanh_ cos cos_ cosh cosh_ deg2rad deg2rad_ hypot rad2deg "
            "rad2deg_ sin sin_ sinh sinh_ tan tan_ tanh tanh_ "
        ),
        "functional": "tanh",
        "methods": (
            "acos acos_ acosh acosh_ arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh "
            "arcsinh_ arctan arctan2 arctan2_ arctan_ arctanh arctanh_ asin asin_ asinh "
            "asinh_ atan atan2 atan2_ atan_ atanh atanh_ cos cos_ cosh cosh_ deg2rad "
            "deg2rad_ hypot hypot_ rad2deg rad2deg_ sin sin_ sinh sinh_ tan tan_ tanh tanh_ "
        ),
    },
    "rounding": {
        "cards": "ceil floor frac frexp ldexp round trunc",
        "functions": (
            "ceil ceil_ fix fix_ floor floor_ frac frac_ frexp ldexp ldexp_ round round_ "
            "special.round trunc trunc_ "
        ),
        "methods": (
            "ceil ceil_ fix fix_ floor floor_ frac frac_ frexp ldexp ldexp_ round round_ "
            "trunc trunc_ "
        ),
    },
    "special": {
        "cards": (
            "digamma entr erf erfc erfcx erfinv i0 i0e i1 i1e lgamma log_ndtr logit "
            "mvlgamma ndtri polygamma sinc zeta "
        ),
        "functions": (
            "digamma erf erf_ erfc erfc_ erfinv i0 i0_ lgamma logit logit_ mvlgamma "
            "polygamma sinc sinc_ special.digamma special.entr special.erf special.erfc "
            "special.erfcx special.erfinv special.gammaln special.i0 special.i0e special.i1 "
            "special.i1e special.log_ndtr special.logit special.multigammaln special.ndtr "
            "special.ndtri special.polygamma special.psi special.sinc special.zeta "
        ),
        "methods": (
            "digamma digamma_ erf erf_ erfc erfc_ erfinv erfinv_ i0 i0_ lgamma lgamma_ "
            "logit logit_ mvlgamma mvlgamma_ polygamma polygamma_ sinc sinc_ "
        ),
    },
    "incomplete_gamma": {
        "cards": "igamma igammac",
        "functions": "igamma igammac special.gammainc special.gammaincc",
        "methods": "igamma igamma_ igammac igammac_",
    },
    "ternary": {
        "cards": "addcdiv addcmul lerp lerp_tensor where",
        "functions": "addcdiv addcmul lerp where",
        "methods": "addcdiv addcdiv_ addcmul addcmul_ lerp lerp_ where",
    },
    "activation_slopes": {
        "cards": "glu prelu rrelu_with_noise",
        "functions": "prelu rrelu rrelu_",
        "functional": "glu prelu rrelu rrelu_",
        "methods": "prelu",
    },
    "flip": {
        "cards": "flip roll tril triu",
        "functions": "flip fliplr flipud roll rot90 tril triu",
        "methods": "flip fliplr flipud roll rot90 tril tril_ triu triu_",
    },
    "movedim": {
        "functions": "moveaxis movedim",
        "methods": "moveaxis movedim",
    },
    "as_strided": {
        "cards": "as_strided unfold unfold_dx",
        "functions": "as_strided as_strided_scatter",
        "methods": "as_strided as_strided_scatter unfold",
        "words": "windows",
    },
    "index_select": {
        "cards": "index_add index_copy index_fill index_select index_select_dx",
        "functions": "index_add index_copy index_fill index_select",
        "methods": (
            "index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_select "
        ),
    },
    "masked": {
        "cards": "fill masked_fill masked_scatter masked_select take zero",
        "functions": (
            "argwhere fill fill_ masked_fill masked_scatter masked_select nonzero "
            "nonzero_static put take unravel_index zero_ "
        ),
        "methods": (
            "argwhere fill_ masked_fill masked_fill_ masked_scatter masked_scatter_ "
            "masked_select nonzero nonzero_static put put_ take zero_ "
        ),
    },
    "split": {
        "cards": "split unbind",
        "functions": (
            "chunk dsplit hsplit split split_with_sizes tensor_split unbind unsafe_chunk "
            "unsafe_split unsafe_split_with_sizes vsplit "
        ),
        "methods": (
            "chunk dsplit hsplit split split_with_sizes tensor_split unbind unsafe_chunk "
            "unsafe_split unsafe_split_with_sizes vsplit "
        ),
    },
    "diagonal": {
        "cards": "diagonal diagonal_dx trace",
        "functions": "block_diag diag diag_embed diagflat diagonal trace",
        "methods": "diag diag_embed diagflat diagonal fill_diagonal_ trace",
    },
    "scatter": {
        "cards": "gather scatter_add scatter_reduce scatter_src scatter_value",
        "functions": "gather index_reduce scatter scatter_add scatter_reduce take_along_dim",
        "methods": (
            "gather index_reduce index_reduce_ scatter scatter_ scatter_add scatter_add_ "
            "scatter_reduce scatter_reduce_ take_along_dim "
        ),
    },
    "resize": {
        "functions": (
            "alias_copy as_strided_ as_strided_copy detach_copy diagonal_copy expand_copy "
            "permute_copy resize_as_ select_copy slice_copy split_copy "
            "split_with_sizes_copy squeeze_copy t_copy transpose_copy unbind_copy "
            "unfold_copy unsqueeze_copy view_as_complex_copy view_as_real_copy view_copy "
        ),
        "methods": (
            "as_strided_ dim_order resize resize_ resize_as resize_as_ set_ squeeze_ "
            "sum_to_size swapaxes_ swapdims_ t_ transpose_ unsqueeze_ "
        ),
    },
    "variance": {
        "cards": "std std_mean var var_mean",
        "functions": "corrcoef cov std std_mean var var_mean",
        "methods": "corrcoef cov std var",
    },
    "minmax": {
        "cards": "amax amin aminmax argmax argmin max max_all min min_all",
        "functions": "amax amin aminmax argmax argmin max min",
        "methods": "amax amin aminmax argmax argmin max min",
    },
    "sort": {
        "cards": "argsort kthvalue sort topk",
        "functions": "argsort kthvalue msort sort topk",
        "methods": "argsort kthvalue msort sort topk",
    },
    "order_statistics": {
        "cards": "median median_all mode nanmedian nanmedian_all",
        "functions": "median mode nanmedian nanquantile quantile",
        "methods": "median mode nanmedian nanquantile quantile",
    },
    "vector_norm": {
        "cards": "dist linalg_vector_norm renorm weight_norm_interface",
        "functions": "_weight_norm dist frobenius_norm norm norm_except_dim nuclear_norm renorm",
        "methods": "dist norm renorm renorm_",
    },
    "scan": {
        "cards": "cummax cummin cumprod cumsum logcumsumexp",
        "functions": (
            "cummax cummin cumprod cumsum cumulative_trapezoid diff gradient logcumsumexp "
            "trapezoid trapz "
        ),
        "methods": "cummax cummin cumprod cumprod_ cumsum cumsum_ diff logcumsumexp",
    },
    "unique": {
        "cards": "_unique2 unique_consecutive unique_dim",
        "functions": (
            "bincount bucketize histc histogram histogramdd searchsorted unique unique_consecutive "
        ),
        "methods": "bincount histc histogram unique unique_consecutive",
    },
    "addmm": {
        "cards": "addbmm addmm addmv addr baddbmm",
        "functions": "addbmm addmm addmv addmv_ addr baddbmm",
        "methods": "addbmm addbmm_ addmm addmm_ addmv addmv_ addr addr_ baddbmm baddbmm_",
    },
    "einsum": {
        "cards": "bilinear",
        "functions": "bilinear einsum inner tensordot",
        "functional": "bilinear",
        "methods": "inner",
    },
    "windows": {
        "functions": (
            "bartlett_window blackman_window hamming_window hann_window istft kaiser_window stft "
        ),
        "methods": "istft stft",
    },
    "pad": {
        "cards": "constant_pad_nd pad_by_index",
        "functions": "constant_pad_nd",
        "functional": "pad",
        "words": "index_select_dx pad_constant",
    },
    "softmax": {
        "cards": "log_softmax softmax",
        "functions": "log_softmax softmax special.log_softmax special.softmax",
        "functional": "gumbel_softmax log_softmax softmax softmin",
        "methods": "log_softmax softmax",
    },
    "norm": {
        "cards": (
            "batch_norm_eval batch_norm_statistics batch_norm_training group_norm layer_norm "
        ),
        "functions": "batch_norm group_norm instance_norm layer_norm",
        "functional": "batch_norm group_norm instance_norm layer_norm",
        "words": "layer_norm_dx",
    },
    "rms_norm": {
        "functions": "rms_norm",
        "functional": "local_response_norm normalize rms_norm",
    },
    "embedding": {
        "cards": "embedding embedding_dense_backward",
        "functions": "embedding embedding_renorm_",
        "functional": "embedding embedding_bag one_hot",
        "words": "embedding",
    },
    "conv": {
        "cards": "col2im conv_transpose_nd convolution_dw convolution_nd im2col",
        "functions": (
            "conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d "
            "conv_transpose3d convolution "
        ),
        "functional": (
            "conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d "
            "conv_transpose3d fold unfold "
        ),
        "words": (
            "conv1d conv1d_dw conv1d_dx conv2d conv2d_dw conv2d_dx conv3d conv3d_dw "
            "conv3d_dx fold unfold "
        ),
    },
    "pool": {
        "cards": (
            "adaptive_avg_pool_2d adaptive_avg_pool_3d adaptive_avg_pool_dx "
            "adaptive_max_pool_2d adaptive_max_pool_3d avg_pool_2d avg_pool_3d avg_pool_dx "
            "fractional_max_pool_2d fractional_max_pool_3d max_pool_2d max_pool_3d "
            "max_pool_dx max_pool_take max_unpool_2d max_unpool_3d mean_pool_2d "
            "mean_pool_3d "
        ),
        "functions": (
            "adaptive_avg_pool1d adaptive_max_pool1d avg_pool1d max_pool1d "
            "max_pool1d_with_indices max_pool2d max_pool3d "
        ),
        "functional": (
            "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d "
            "adaptive_max_pool1d adaptive_max_pool1d_with_indices adaptive_max_pool2d "
            "adaptive_max_pool2d_with_indices adaptive_max_pool3d "
            "adaptive_max_pool3d_with_indices avg_pool1d avg_pool2d avg_pool3d "
            "fractional_max_pool2d fractional_max_pool2d_with_indices fractional_max_pool3d "
            "fractional_max_pool3d_with_indices lp_pool1d lp_pool2d lp_pool3d max_pool1d "
            "max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d "
            "max_pool3d_with_indices max_unpool1d max_unpool2d max_unpool3d "
        ),
        "words": (
            "adaptive_avg_pool adaptive_avg_pool_dx avg_pool2d avg_pool2d_dx avg_pool3d "
            "avg_pool3d_dx max_pool2d_dx max_pool3d_dx max_pool_take "
        ),
    },
    "loss": {
        "cards": "huber mse smooth_l1",
        "functions": "poisson_nll_loss",
        "functional": (
            "gaussian_nll_loss huber_loss l1_loss mse_loss poisson_nll_loss smooth_l1_loss "
        ),
    },
    "cross_entropy": {
        "cards": "bce binary_cross_entropy_of_logits nll nll2d softmax_nll",
        "functions": "binary_cross_entropy_with_logits kl_div",
        "functional": (
            "binary_cross_entropy binary_cross_entropy_with_logits cross_entropy kl_div nll_loss "
        ),
        "words": "softplus",
    },
    "distance": {
        "cards": "linalg_cross",
        "functions": "cdist cosine_similarity cross linalg.cross pairwise_distance pdist",
        "functional": "cosine_similarity pairwise_distance pdist",
        "methods": "cross",
    },
    "margin_loss": {
        "cards": "multi_margin multilabel_margin soft_margin",
        "functions": (
            "cosine_embedding_loss hinge_embedding_loss margin_ranking_loss triplet_margin_loss "
        ),
        "functional": (
            "cosine_embedding_loss hinge_embedding_loss margin_ranking_loss "
            "multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss "
            "soft_margin_loss triplet_margin_loss triplet_margin_with_distance_loss "
        ),
    },
    "ctc": {
        "cards": "ctc",
        "functions": "ctc_loss",
        "functional": "ctc_loss",
    },
    "linear_cross_entropy": {
        "cards": "linear_nll",
        "functional": "linear_cross_entropy",
    },
    "pixel_shuffle": {
        "functions": "channel_shuffle native_channel_shuffle pixel_shuffle pixel_unshuffle",
        "functional": "channel_shuffle native_channel_shuffle pixel_shuffle pixel_unshuffle",
    },
    "interpolate": {
        "cards": "resample",
        "functional": "interpolate upsample upsample_bilinear upsample_nearest",
        "words": "resample",
    },
    "grid_sample": {
        "cards": "affine_places grid_sampler_2d_card grid_sampler_3d_card",
        "functions": "affine_grid_generator grid_sampler grid_sampler_2d grid_sampler_3d",
        "functional": "affine_grid grid_sample",
    },
    "gamma_draws": {
        "cards": "_dirichlet_grad _sample_dirichlet _standard_gamma _standard_gamma_grad",
        "functions": "_dirichlet_grad _sample_dirichlet _standard_gamma _standard_gamma_grad",
    },
    "linear_algebra": {
        "cards": "linalg.inv_ex matrix_exp",
        "functions": (
            "inverse linalg.inv linalg.inv_ex linalg.matrix_exp linalg.matrix_power "
            "matrix_exp matrix_power "
        ),
        "methods": "inverse matrix_exp matrix_power",
    },
    "solve": {
        "cards": (
            "cholesky_solve_by linalg.solve_ex linalg_ldl_solve linalg_solve_triangular solve "
        ),
        "functions": (
            "cholesky_inverse cholesky_solve linalg.ldl_solve linalg.lu_solve linalg.solve "
            "linalg.solve_ex linalg.solve_triangular linalg.tensorinv linalg.tensorsolve "
            "lu_solve triangular_solve "
        ),
        "methods": "cholesky_inverse cholesky_solve lu_solve triangular_solve",
    },
    "factorize": {
        "cards": "linalg.cholesky_ex linalg.ldl_factor_ex linalg.lu_factor_ex",
        "functions": (
            "cholesky linalg.cholesky linalg.cholesky_ex linalg.ldl_factor "
            "linalg.ldl_factor_ex linalg.lu linalg.lu_factor linalg.lu_factor_ex lu "
            "lu_unpack "
        ),
        "methods": "cholesky lu",
    },
    "householder": {
        "cards": "geqrf householder_product linalg.qr",
        "functions": "geqrf linalg.householder_product linalg.qr orgqr ormqr qr",
        "methods": "geqrf orgqr ormqr qr",
    },
    "eigen": {
        "cards": (
            "linalg.eig linalg.eigh linalg.svd linalg_eigvals linalg_eigvalsh linalg_svdvals "
        ),
        "functions": (
            "linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh linalg.svd linalg.svdvals svd "
        ),
        "methods": "svd",
    },
    "determinant": {
        "cards": "linalg.slogdet linalg_det",
        "functions": "det linalg.det linalg.slogdet logdet slogdet",
        "methods": "det logdet slogdet",
    },
    "matrix_norms": {
        "cards": "linalg_lstsq linalg_pinv",
        "functions": (
            "linalg.cond linalg.diagonal linalg.lstsq linalg.matrix_norm linalg.matrix_rank "
            "linalg.norm linalg.pinv linalg.vecdot linalg.vector_norm pinverse "
        ),
        "methods": "pinverse",
    },
    "low_rank": {
        "functions": "eig lobpcg lstsq matrix_rank pca_lowrank solve svd_lowrank symeig",
        "methods": "eig lstsq solve symeig",
    },
    "attention": {
        "cards": "attention",
        "functional": "scaled_dot_product_attention",
    },
    "multi_head": {
        "cards": "self_attention",
        "functional": "multi_head_attention_forward",
    },
    "padded": {
        "cards": "pad_sequence",
    },
    "recurrent": {
        "cards": "gru_layer lstm_layer rnn_layer",
        "functions": "gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell",
    },
    "native_names": {
        "functions": (
            "_dim_arange _int_mm _log_softmax _safe_softmax _softmax _unique _unique2 "
            "_weight_norm_interface batch_norm_update_stats embedding_bag native_batch_norm "
            "native_group_norm native_layer_norm "
        ),
        "functional": "grouped_mm",
    },
    "segment": {
        "cards": "segment_reduce",
        "functions": "segment_reduce",
    },
    "bessel": {
        "cards": (
            "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 "
            "modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 "
            "scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0 "
        ),
        "functions": (
            "special.airy_ai special.bessel_j0 special.bessel_j1 special.bessel_y0 "
            "special.bessel_y1 special.modified_bessel_i0 special.modified_bessel_i1 "
            "special.modified_bessel_k0 special.modified_bessel_k1 "
            "special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1 "
            "special.spherical_bessel_j0 "
        ),
    },
    "polynomials": {
        "cards": (
            "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v "
            "chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he "
            "laguerre_polynomial_l legendre_polynomial_p shifted_chebyshev_polynomial_t "
            "shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v "
            "shifted_chebyshev_polynomial_w "
        ),
        "functions": (
            "special.chebyshev_polynomial_t special.chebyshev_polynomial_u "
            "special.chebyshev_polynomial_v special.chebyshev_polynomial_w "
            "special.hermite_polynomial_h special.hermite_polynomial_he "
            "special.laguerre_polynomial_l special.legendre_polynomial_p "
            "special.shifted_chebyshev_polynomial_t special.shifted_chebyshev_polynomial_u "
            "special.shifted_chebyshev_polynomial_v special.shifted_chebyshev_polynomial_w "
        ),
    },
    "fft": {
        "cards": "fft_c2c fft_c2r fft_r2c",
        "functions": (
            "fft.fft fft.fft2 fft.fftfreq fft.fftn fft.fftshift fft.hfft fft.hfft2 "
            "fft.hfftn fft.ifft fft.ifft2 fft.ifftn fft.ifftshift fft.ihfft fft.ihfft2 "
            "fft.ihfftn fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftfreq "
            "fft.rfftn "
        ),
        "words": "fft_c2c fft_c2r fft_r2c",
    },
    "masked_reductions": {
        "functions": (
            "masked.amax masked.amin masked.argmax masked.argmin masked.as_masked_tensor "
            "masked.cumprod masked.cumsum masked.is_masked_tensor masked.log_softmax "
            "masked.logaddexp masked.logsumexp masked.masked_tensor masked.mean "
            "masked.median masked.norm masked.normalize masked.prod masked.softmax "
            "masked.softmin masked.std masked.sum masked.var "
        ),
    },
}
