#!/bin/sh
# The contract's example calls against a running site; the exit status is the number of calls that went wrong.
#
#     make run          in another terminal, with the demo users made:
#     DJANGO_DEBUG=1 .venv/bin/python manage.py create_demo_users
#     scripts/tests_api.sh [http://127.0.0.1:8000]
#
# ADMIN and STANDARD_USER may name other logins, as name:password. WAIT is how long the last call may wait for its run.
site=${1:-http://127.0.0.1:8000}
admin=${ADMIN:-admin:fireforce}
user=${STANDARD_USER:-user:london123}
wait=${WAIT:-30}
wrong=0
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# expect STATUS WORDS curl-arguments…: the call answers STATUS, and its body holds WORDS.
expect() {
    wanted=$1 words=$2
    shift 2
    status=$(curl --silent --output "$answer" --write-out '%{http_code}' --max-time 120 "$@")
    if [ "$status" = "$wanted" ] && grep -q -- "$words" "$answer"; then
        echo "ok    $status  $*"
    else
        echo "WRONG $status, wanted $wanted with $words:  $*"
        head -c 500 "$answer"
        echo
        wrong=$((wrong + 1))
    fi
}

expect 200 '"status":"ok"' "$site/health"
expect 202 '"message"' -u "$admin" "$site/process_data?incident=true"
expect 200 '"status":"succeeded"\|"status":"failed"' -u "$admin" "$site/build_features?wait=$wait"
expect 202 '"message"' -u "$admin" "$site/process_data?incident=true&mobilisation=true&convert_to_pickle=true"
expect 202 '"message"' -u "$admin" "$site/build_features"
expect 202 '"message"' -u "$admin" -H 'Content-Type: application/json' \
    -d '{"data_path": "./data/global_data.csv", "ml_model_path": "./models/linear_regression_model.pkl", "encoder_path": "./models/onehot_encoder.pkl"}' \
    "$site/train_model"
expect 200 '"predicted_attendance_time"' -u "$user" "$site/predict?distance=5.2&station=Acton"

expect 401 'not_authenticated' "$site/predict?distance=5.2&station=Acton"
expect 403 'permission_denied' -u "$user" "$site/process_data?incident=true"
expect 403 'permission_denied' -u "$user" "$site/build_features"
expect 400 'path_not_allowed' -u "$admin" -H 'Content-Type: application/json' -d '{"data_path": "../../etc/passwd.csv"}' "$site/train_model"
expect 400 'unknown_station' -u "$user" "$site/predict?distance=5.2&station=Actn"
expect 200 '"results"' -u "$admin" "$site/api/v1/runs?page_size=1"
expect 200 '"results"' -u "$user" "$site/api/v1/response-times?page_size=1"
expect 200 '"openapi"' "$site/api/schema"
exit $wrong
