"""The project's own code: everything that `mlops.yaml` names as `diabetes.module:function`."""
