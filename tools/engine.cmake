# Read by llama.cpp's own build (CMAKE_PROJECT_INCLUDE): halves its compile time without touching its source.
# Several files are compiled as one where that works, at -O1; the arithmetic gets -O3.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
cmake_language(DEFER CALL set_property TARGET llama llama-common mtmd server-context llama-server-impl
  PROPERTY UNITY_BUILD ON)
cmake_language(DEFER CALL set_property TARGET llama llama-common mtmd server-context llama-server-impl
  PROPERTY UNITY_BUILD_BATCH_SIZE 16)
cmake_language(DEFER CALL set_property TARGET ggml-base ggml-cpu APPEND PROPERTY COMPILE_OPTIONS -O3)
cmake_language(DEFER CALL set_property SOURCE tools/mtmd/mtmd-helper.cpp tools/mtmd/mtmd-helper-gen.cpp
  TARGET_DIRECTORY mtmd PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
cmake_language(DEFER CALL set_property SOURCE common/json.cpp
  TARGET_DIRECTORY llama-common PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
